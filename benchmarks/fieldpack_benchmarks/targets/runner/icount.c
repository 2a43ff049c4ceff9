// Counts guest instructions between two marks: a plugin of qemu, against version 1 of its plugin interface.
//
// The runner calls close(-4242) before an inference and close(-4243) behind it; both fail and do nothing.
// Each pair gives one line with the instructions in between. For one thread only: the counter is not atomic.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BEFORE (-4242)
#define AFTER (-4243)
#define ADD 0  // the one operation that qemu adds to a block

struct qemu_plugin_tb;
typedef uint64_t Id;
typedef void Translated(Id, struct qemu_plugin_tb *);
typedef void Called(Id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                    uint64_t, uint64_t);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_tb_trans_cb(Id, Translated *);
void qemu_plugin_register_vcpu_syscall_cb(Id, Called *);

int qemu_plugin_version = 1;
static uint64_t executed, before;
static FILE *out;

static void translated(Id id, struct qemu_plugin_tb *block) {
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD, &executed, qemu_plugin_tb_n_insns(block));
}

static void called(Id id, unsigned cpu, int64_t number, uint64_t first, uint64_t b, uint64_t c, uint64_t d,
                   uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
    (void)id, (void)cpu, (void)number, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
    if ((int32_t)first == BEFORE) before = executed;
    if ((int32_t)first != AFTER) return;
    fprintf(out, "%llu\n", (unsigned long long)(executed - before));
    fflush(out);
}

int qemu_plugin_install(Id id, const void *about, int count, char **arguments) {
    (void)about;
    if (count != 1 || strncmp(arguments[0], "out=", 4) != 0) return 1;
    out = fopen(arguments[0] + 4, "w");
    if (out == NULL) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}

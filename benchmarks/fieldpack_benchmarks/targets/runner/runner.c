// Runs one TFLite model with LiteRT and says what it took: one JSON line, then a line that says it is whole.
//
// The library is opened at run time, so that one program serves every build of it, and a missing or too new
// one is an answer instead of a failed start. Prototypes are our own: version 2.3 of the library ships no
// headers. Whether they fit is found out at each start with a model whose answer is known (self_test).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SCHEMA "fieldpack-run/1"
#define SENTINEL "#fieldpack-run-end"
#define BEFORE (-4242)  // close() of these numbers fails and does nothing; the counting plugin waits for them
#define AFTER (-4243)
#define MOST_TENSORS 64
#define MOST_RUNS (1 << 20)
#define READ 0
#define WRITE 1
#define FLOAT32 1
#define CPU 1

typedef void *Handle;
typedef struct {
    int32_t element;
    uint32_t rank : 7;
    uint32_t has_strides : 1;
    int32_t dims[8];
    uint32_t strides[8];
} TensorType;
_Static_assert(sizeof(TensorType) == 72, "the library writes 72 bytes");

#define FUNCTIONS(X) \
    X(CreateEnvironment, (int, const void *, Handle *)) \
    X(CreateModelFromFile, (Handle, const char *, Handle *)) \
    X(CreateOptions, (Handle *)) \
    X(SetOptionsHardwareAccelerators, (Handle, int)) \
    X(CreateOpaqueOptions, (const char *, void *, void (*)(void *), Handle *)) \
    X(AddOpaqueOptions, (Handle, Handle)) \
    X(CreateCompiledModel, (Handle, Handle, Handle, Handle *)) \
    X(GetModelSignature, (Handle, size_t, Handle *)) \
    X(GetNumSignatureInputs, (Handle, size_t *)) \
    X(GetNumSignatureOutputs, (Handle, size_t *)) \
    X(GetSignatureInputTensorByIndex, (Handle, size_t, Handle *)) \
    X(GetSignatureOutputTensorByIndex, (Handle, size_t, Handle *)) \
    X(GetRankedTensorType, (Handle, TensorType *)) \
    X(GetCompiledModelInputBufferRequirements, (Handle, size_t, size_t, Handle *)) \
    X(GetCompiledModelOutputBufferRequirements, (Handle, size_t, size_t, Handle *)) \
    X(CreateManagedTensorBufferFromRequirements, (Handle, const TensorType *, Handle, Handle *)) \
    X(GetTensorBufferPackedSize, (Handle, size_t *)) \
    X(LockTensorBuffer, (Handle, void **, int)) \
    X(UnlockTensorBuffer, (Handle)) \
    X(RunCompiledModel, (Handle, size_t, size_t, Handle *, size_t, Handle *)) \
    X(CompiledModelIsFullyAccelerated, (Handle, bool *)) \
    X(CompiledModelGetProfiler, (Handle, Handle *)) \
    X(StartProfiler, (Handle)) \
    X(StopProfiler, (Handle)) \
    X(GetProfileSummary, (Handle, Handle, const char **))
#define DECLARE(name, arguments) static int(*name) arguments;
FUNCTIONS(DECLARE)

typedef struct {
    Handle model, compiled, inputs[MOST_TENSORS], outputs[MOST_TENSORS];
    TensorType types[MOST_TENSORS];  // of the outputs
    size_t n_inputs, n_outputs;
} Loaded;

static const char *model_path, *library_path = "libLiteRt.so", *self_test_path, *output_dir;
static const char *input_paths[MOST_TENSORS];
static size_t n_input_paths;
static long threads = 1, warm_ups = 2, samples = 1;
static double min_seconds = 0, max_seconds = 60;
static bool profile, counting;
static const char *stage = "arguments";
static Handle environment;

static void put_text(FILE *out, const char *text) {
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\') fprintf(out, "\\%c", *c);
        else if (*c < 32 || *c > 126) fprintf(out, "\\u%04x", *c);
        else fputc(*c, out);
    }
    fputc('"', out);
}

static void deliver(const char *line, size_t length) {
    printf("%s\n%s %zu\n", line, SENTINEL, length);
    if (fflush(stdout) != 0) exit(3);
}

static void refuse(const char *format, ...) {
    char message[1024], *line;
    size_t length;
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    FILE *out = open_memstream(&line, &length);
    fprintf(out, "{\"schema\":\"%s\",\"runner\":\"c\",", SCHEMA);
    fprintf(out, "\"error\":{\"stage\":\"%s\",\"message\":", stage);
    put_text(out, message);
    fputs("}}", out);
    fclose(out);
    deliver(line, length);
    exit(1);
}

#define OK(name, ...) \
    do { \
        int status = name(__VA_ARGS__); \
        if (status != 0) refuse("LiteRt" #name " failed with status %d", status); \
    } while (0)

static void enter(const char *name) {
    stage = name;
    fprintf(stderr, "#fieldpack-stage %s\n", name);
}

static int64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void open_library(void) {
    enter("library");
    void *library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) refuse("%s", dlerror());
#define RESOLVE(name, arguments) \
    *(void **)&name = dlsym(library, "LiteRt" #name); \
    if (name == NULL) refuse("the library has no LiteRt" #name);
    FUNCTIONS(RESOLVE)
    OK(CreateEnvironment, 0, NULL, &environment);
}

static void add_option(Handle options, const char *kind, const char *text) {
    Handle opaque;
    OK(CreateOpaqueOptions, kind, strdup(text), free, &opaque);
    OK(AddOpaqueOptions, options, opaque);
}

static TensorType type_of(Handle tensor) {
    union {
        TensorType type;
        unsigned char bytes[256];
    } given;
    memset(&given, 0xA5, sizeof given);
    OK(GetRankedTensorType, tensor, &given.type);
    for (size_t at = sizeof(TensorType); at < sizeof given; at++)
        if (given.bytes[at] != 0xA5) refuse("the library writes tensor types of another size");
    if (given.type.rank > 8) refuse("a tensor of rank %u", given.type.rank);
    for (unsigned axis = 0; axis < given.type.rank; axis++)
        if (given.type.dims[axis] < 0) given.type.dims[axis] = 1;  // a batch of any size
    return given.type;
}

static void load(Loaded *made, const char *path, long workers, bool watched) {
    Handle options, signature, tensor, needs;
    char text[64];
    OK(CreateModelFromFile, environment, path, &made->model);
    OK(CreateOptions, &options);
    OK(SetOptionsHardwareAccelerators, options, CPU);
    snprintf(text, sizeof text, "num_threads = %ld\n", workers);
    add_option(options, "xnnpack", text);
    if (watched) add_option(options, "runtime_options_string", "enable_profiling = true\n");
    OK(CreateCompiledModel, environment, made->model, options, &made->compiled);
    OK(GetModelSignature, made->model, 0, &signature);
    OK(GetNumSignatureInputs, signature, &made->n_inputs);
    OK(GetNumSignatureOutputs, signature, &made->n_outputs);
    if (made->n_inputs > MOST_TENSORS || made->n_outputs > MOST_TENSORS)
        refuse("more than 64 inputs or outputs");
    for (size_t i = 0; i < made->n_inputs; i++) {
        OK(GetSignatureInputTensorByIndex, signature, i, &tensor);
        TensorType type = type_of(tensor);
        OK(GetCompiledModelInputBufferRequirements, made->compiled, 0, i, &needs);
        OK(CreateManagedTensorBufferFromRequirements, environment, &type, needs, &made->inputs[i]);
    }
    for (size_t i = 0; i < made->n_outputs; i++) {
        OK(GetSignatureOutputTensorByIndex, signature, i, &tensor);
        made->types[i] = type_of(tensor);
        OK(GetCompiledModelOutputBufferRequirements, made->compiled, 0, i, &needs);
        OK(CreateManagedTensorBufferFromRequirements, environment, &made->types[i], needs, &made->outputs[i]);
    }
}

static void fill(Handle buffer, const void *bytes, size_t length) {
    size_t size;
    void *memory;
    OK(GetTensorBufferPackedSize, buffer, &size);
    if (size != length) refuse("an input of %zu bytes, the model takes %zu", length, size);
    OK(LockTensorBuffer, buffer, &memory, WRITE);
    memcpy(memory, bytes, length);
    OK(UnlockTensorBuffer, buffer);
}

static void *content(Handle buffer, size_t *size) {
    void *memory, *copy;
    OK(GetTensorBufferPackedSize, buffer, size);
    OK(LockTensorBuffer, buffer, &memory, READ);
    copy = malloc(*size + 1);
    if (copy == NULL) refuse("no memory for an output of %zu bytes", *size);
    memcpy(copy, memory, *size);
    OK(UnlockTensorBuffer, buffer);
    return copy;
}

static void run(Loaded *model) {
    size_t n_inputs = model->n_inputs, n_outputs = model->n_outputs;
    OK(RunCompiledModel, model->compiled, 0, n_inputs, model->inputs, n_outputs, model->outputs);
}

// The product of small whole numbers: its answer is the same in every order of sums and on every processor.
static void self_test(void) {
    static const float given[4] = {1, 2, 3, 4}, wanted[3] = {31, 12, -1};
    Loaded model = {0};
    size_t size;
    enter("self_test");
    load(&model, self_test_path, 1, false);
    if (model.n_inputs != 1 || model.n_outputs != 1)
        refuse("not the tensors of the model that tests the library");
    TensorType type = model.types[0];
    if (type.element != FLOAT32 || type.rank != 2 || type.dims[0] != 1 || type.dims[1] != 3)
        refuse("the library says tensor types differently");
    fill(model.inputs[0], given, sizeof given);
    run(&model);
    float *came = content(model.outputs[0], &size);
    if (size != sizeof wanted || memcmp(came, wanted, size) != 0)
        refuse("the library's answer is not the known one");
    free(came);
}

static void read_inputs(Loaded *model) {
    if (n_input_paths != model->n_inputs)
        refuse("%zu input files, the model takes %zu", n_input_paths, model->n_inputs);
    for (size_t i = 0; i < n_input_paths; i++) {
        FILE *file = fopen(input_paths[i], "rb");
        if (file == NULL) refuse("%s: %s", input_paths[i], strerror(errno));
        fseek(file, 0, SEEK_END);
        long length = ftell(file);
        rewind(file);
        void *bytes = malloc((size_t)length + 1);
        if (bytes == NULL || fread(bytes, 1, (size_t)length, file) != (size_t)length)
            refuse("%s cannot be read", input_paths[i]);
        fclose(file);
        fill(model->inputs[i], bytes, (size_t)length);
        free(bytes);
    }
}

static uint64_t fnv(uint64_t state, const unsigned char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) state = (state ^ bytes[i]) * 1099511628211u;
    return state;
}

static uint64_t digest_of(Loaded *model, size_t index, bool keep) {
    size_t size;
    unsigned char *bytes = content(model->outputs[index], &size);
    uint64_t digest = fnv(14695981039346656037u, bytes, size);
    if (keep && output_dir != NULL) {
        char path[4096];
        snprintf(path, sizeof path, "%s/output-%zu.bin", output_dir, index);
        FILE *file = fopen(path, "wb");
        if (file == NULL) refuse("%s: %s", path, strerror(errno));
        bool written = fwrite(bytes, 1, size, file) == size;
        if (fclose(file) != 0 || !written) refuse("%s: %s", path, strerror(errno));
    }
    free(bytes);
    return digest;
}

static long peak_kib(void) {
    char line[256];
    long peak = -1;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) return peak;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmHWM: %ld", &peak) == 1) break;
    fclose(file);
    return peak;
}

static void put_numbers(FILE *out, const char *name, const int64_t *values, size_t count) {
    fprintf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) fprintf(out, i ? ",%lld" : "%lld", (long long)values[i]);
    fputc(']', out);
}

static void timed(Loaded *model, int64_t *wall, int64_t *cpu, bool marked) {
    int64_t cpu_before = now(CLOCK_PROCESS_CPUTIME_ID), before = now(CLOCK_MONOTONIC);
    if (marked) syscall(SYS_close, BEFORE);
    run(model);
    if (marked) syscall(SYS_close, AFTER);
    *wall = now(CLOCK_MONOTONIC) - before;
    *cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
}

static void put_outputs(FILE *out, Loaded *model, const uint64_t *first) {
    bool repeats = true;
    fputs(",\"outputs\":[", out);
    for (size_t i = 0; i < model->n_outputs; i++) {
        uint64_t digest = digest_of(model, i, true);
        repeats = repeats && digest == first[i];
        fprintf(out, "%s{\"element\":%d,", i ? "," : "", model->types[i].element);
        fprintf(out, "\"fnv64\":\"%016llx\",\"dims\":[", (unsigned long long)digest);
        for (unsigned axis = 0; axis < model->types[i].rank; axis++)
            fprintf(out, axis ? ",%d" : "%d", model->types[i].dims[axis]);
        fputs("]}", out);
    }
    fprintf(out, "],\"repeats\":%s", repeats ? "true" : "false");
}

// A second copy of the model: one that may be watched is slower and takes 140 MB more; no figure may hold it.
static void put_profile(FILE *out) {
    Loaded model = {0};
    Handle profiler;
    const char *summary;
    enter("profile");
    load(&model, model_path, threads, true);
    read_inputs(&model);
    run(&model);
    OK(CompiledModelGetProfiler, model.compiled, &profiler);
    OK(StartProfiler, profiler);
    run(&model);
    OK(StopProfiler, profiler);
    OK(GetProfileSummary, profiler, model.compiled, &summary);
    fputs(",\"profile\":", out);
    put_text(out, summary);
}

static void measure(FILE *out) {
    Loaded model = {0};
    uint64_t first[MOST_TENSORS];
    int64_t started = now(CLOCK_MONOTONIC), init, unused, *warm, *wall, *cpu;
    bool accelerated;
    size_t count = 0;
    enter("load");
    load(&model, model_path, threads, false);
    init = now(CLOCK_MONOTONIC) - started;
    OK(CompiledModelIsFullyAccelerated, model.compiled, &accelerated);
    enter("inputs");
    read_inputs(&model);
    enter("warm_up");
    warm = calloc((size_t)warm_ups + 1, sizeof *warm);
    wall = calloc(MOST_RUNS, sizeof *wall);
    cpu = calloc(MOST_RUNS, sizeof *cpu);
    if (warm == NULL || wall == NULL || cpu == NULL) refuse("no memory for the times");
    for (long i = 0; i < warm_ups; i++) timed(&model, &warm[i], &unused, false);
    for (size_t i = 0; i < model.n_outputs; i++) first[i] = digest_of(&model, i, false);
    enter("samples");
    int64_t begun = now(CLOCK_MONOTONIC);
    double elapsed = 0;
    while (count < MOST_RUNS && (count == 0 || elapsed < max_seconds) &&
           (count < (size_t)samples || elapsed < min_seconds)) {
        timed(&model, &wall[count], &cpu[count], counting);
        count++;
        elapsed = (double)(now(CLOCK_MONOTONIC) - begun) / 1e9;
    }
    int64_t ended = now(CLOCK_MONOTONIC);
    fprintf(out, ",\"threads\":%ld,\"init_ns\":%lld", threads, (long long)init);
    fprintf(out, ",\"started_ns\":%lld,\"ended_ns\":%lld", (long long)started, (long long)ended);
    put_numbers(out, "warm_up_ns", warm, (size_t)warm_ups);
    put_numbers(out, "wall_ns", wall, count);
    put_numbers(out, "cpu_ns", cpu, count);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    fprintf(out, ",\"peak_kib\":%ld,\"max_rss_kib\":%ld", peak_kib(), usage.ru_maxrss);
    fprintf(out, ",\"fully_accelerated\":%s", accelerated ? "true" : "false");
    enter("outputs");
    put_outputs(out, &model, first);
    if (profile) put_profile(out);
}

static const char *value_of(char **at) {
    if (at[1] == NULL) refuse("%s wants a value", at[0]);
    return at[1];
}

static double number_of(char **at, double least, double most) {
    char *end;
    const char *text = value_of(at);
    double number = strtod(text, &end);
    if (*text == 0 || *end != 0 || !(number >= least && number <= most))
        refuse("%s %s: a number from %g to %g is allowed", at[0], text, least, most);
    return number;
}

static void read_arguments(char **at) {
    for (; *at != NULL; at++) {
        if (strcmp(*at, "--profile") == 0) profile = true;
        else if (strcmp(*at, "--counting") == 0) counting = true;
        else {
            if (strcmp(*at, "--model") == 0) model_path = value_of(at);
            else if (strcmp(*at, "--library") == 0) library_path = value_of(at);
            else if (strcmp(*at, "--self-test") == 0) self_test_path = value_of(at);
            else if (strcmp(*at, "--output-dir") == 0) output_dir = value_of(at);
            else if (strcmp(*at, "--threads") == 0) threads = (long)number_of(at, 1, 64);
            else if (strcmp(*at, "--warmup") == 0) warm_ups = (long)number_of(at, 1, 10000);
            else if (strcmp(*at, "--samples") == 0) samples = (long)number_of(at, 1, MOST_RUNS);
            else if (strcmp(*at, "--min-seconds") == 0) min_seconds = number_of(at, 0, 86400);
            else if (strcmp(*at, "--max-seconds") == 0) max_seconds = number_of(at, 0, 86400);
            else if (strcmp(*at, "--input") == 0 && n_input_paths < MOST_TENSORS)
                input_paths[n_input_paths++] = value_of(at);
            else refuse("unknown argument %s", *at);
            at++;
        }
    }
    if (model_path == NULL || self_test_path == NULL) refuse("--model and --self-test are needed");
}

int main(int count, char **arguments) {
    char *line;
    size_t length;
    (void)count;
    read_arguments(arguments + 1);
    open_library();
    self_test();
    FILE *out = open_memstream(&line, &length);
    fprintf(out, "{\"schema\":\"%s\",\"runner\":\"c\"", SCHEMA);
    measure(out);
    fputc('}', out);
    fclose(out);
    deliver(line, length);
    return 0;
}

package org.fieldpack.bench

import android.content.Context
import android.os.Build
import android.os.PowerManager
import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import java.io.File
import java.io.FileOutputStream
import kotlin.math.floor
import kotlin.math.max
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith

private const val RUNTIME = "LiteRT @LITERT@"
private const val RESULT = "@RESULT@"

/** Runs the golden vectors and times the flavours; one line of the result file each. */
@RunWith(AndroidJUnit4::class)
class PhoneBenchTest {
    private val context: Context = InstrumentationRegistry.getInstrumentation().targetContext
    private val arguments = InstrumentationRegistry.getArguments()
    private val project = Project(InstrumentationRegistry.getInstrumentation().context.assets)

    @Test
    fun flavoursAnswerAsTheyMust() {
        val wanted: String? = arguments.getString("flavour")
        val round = arguments.getString("round", "1").toInt()
        val chosen = project.flavours.filter { wanted == null || it.name == wanted }
        assertTrue("the project has no flavour $wanted", chosen.isNotEmpty())
        val faults = chosen.map { flavour ->
            val line = line(flavour, round)
            append(line)
            line.optString("reason")
        }
        assertEquals("", faults.filter { it.isNotEmpty() }.joinToString("; "))
    }

    private fun line(flavour: Flavour, round: Int): JSONObject {
        val line = head(flavour, round)
        try {
            val file = project.install(flavour, context.cacheDir)
            val before = statusKilobytes("VmRSS")
            Loaded(project, flavour, file).use { measure(it, line) }
            val grown = max(0L, statusKilobytes("VmHWM") - before) * 1024
            line.put("peak_memory_bytes", if (before > 0) grown else JSONObject.NULL)
        } catch (error: Throwable) {
            line.put("outcome", "failed").put("reason", error.toString())
        }
        return line.put("thermal_after", thermal()).put("ended_ms", System.currentTimeMillis())
    }

    private fun head(flavour: Flavour, round: Int): JSONObject {
        val named = JSONObject()
        for (key in listOf("name", "kind", "digest")) {
            named.put(key, flavour.values.getString(key))
        }
        val runner = JSONObject().put("kind", "instrumentation").put("runtime", RUNTIME)
        return JSONObject()
            .put("schema", project.resultSchema)
            .put("bundle", project.bundle)
            .put("flavour", named)
            .put("round", round)
            .put("device", device())
            .put("runner", runner.put("threads", THREADS))
            .put("started_ms", System.currentTimeMillis())
            .put("thermal_before", thermal())
    }

    private fun measure(loaded: Loaded, line: JSONObject) {
        line.put("load_ms", loaded.loadMs).put("first_run_ms", loaded.run(0))
        val golden = loaded.golden()
        golden.write(line)
        if (golden.fault.isNotEmpty()) {
            line.put("outcome", "failed").put("reason", golden.fault)
            return
        }
        val warmUps = List(project.plan.warmUps) { loaded.run(it % project.count) }
        val samples = sample(loaded)
        val sorted = samples.sorted()
        line.put("outcome", "measured")
            .put("warm_ups_ms", JSONArray(warmUps))
            .put("samples_ms", JSONArray(samples))
            .put("p50_ms", percentile(sorted, 0.5))
            .put("p90_ms", percentile(sorted, 0.9))
            .put("p99_ms", percentile(sorted, 0.99))
    }

    private fun sample(loaded: Loaded): List<Double> {
        val samples = mutableListOf<Double>()
        var total = 0.0
        while (total < project.plan.longestMs) {
            val taken = loaded.run(samples.size % project.count)
            samples.add(taken)
            total += taken
            if (samples.size >= project.plan.samples && total >= project.plan.shortestMs) {
                break
            }
        }
        return samples
    }

    /** Between the two nearest of the sorted samples, in proportion. */
    private fun percentile(sorted: List<Double>, share: Double): Double {
        val place = share * (sorted.size - 1)
        val low = floor(place).toInt()
        val high = minOf(low + 1, sorted.size - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - low)
    }

    private fun device(): JSONObject {
        val virtual = Build.HARDWARE in setOf("goldfish", "ranchu", "cutf_cvm")
        val modern = Build.VERSION.SDK_INT >= Build.VERSION_CODES.S
        val processor = if (modern) "${Build.SOC_MANUFACTURER} ${Build.SOC_MODEL}" else Build.HARDWARE
        return JSONObject()
            .put("model", "${Build.MANUFACTURER} ${Build.MODEL}")
            .put("system", "Android")
            .put("version", Build.VERSION.RELEASE)
            .put("processor", processor)
            .put("emulated", virtual)
    }

    private fun thermal(): Any {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) {
            return JSONObject.NULL
        }
        val power = context.getSystemService(PowerManager::class.java)
        return when (power.currentThermalStatus) {
            PowerManager.THERMAL_STATUS_NONE -> "none"
            PowerManager.THERMAL_STATUS_LIGHT -> "light"
            PowerManager.THERMAL_STATUS_MODERATE -> "moderate"
            PowerManager.THERMAL_STATUS_SEVERE -> "severe"
            PowerManager.THERMAL_STATUS_CRITICAL -> "critical"
            PowerManager.THERMAL_STATUS_EMERGENCY -> "emergency"
            else -> "shutdown"
        }
    }

    private fun statusKilobytes(key: String): Long {
        val line = File("/proc/self/status").readLines().firstOrNull { it.startsWith("$key:") }
        return line?.filter { it.isDigit() }?.toLongOrNull() ?: 0L
    }

    private fun append(line: JSONObject) {
        FileOutputStream(File(context.filesDir, RESULT), true).use { stream ->
            stream.write((line.toString() + "\n").toByteArray())
            stream.fd.sync()
        }
    }
}

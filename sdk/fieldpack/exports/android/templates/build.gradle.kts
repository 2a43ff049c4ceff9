import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "@PACKAGE@"
    compileSdk = @COMPILE_SDK@

    defaultConfig {
        minSdk = @MIN_SDK@
        testInstrumentationRunner = "@RUNNER@"
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

kotlin {
    compilerOptions {
        jvmTarget.set(JvmTarget.JVM_17)
    }
}

dependencies {
    implementation("com.google.ai.edge.litert:litert:@LITERT@")
    testImplementation("junit:junit:@JUNIT@")
    androidTestImplementation("androidx.test:runner:@TEST_RUNNER@")
    androidTestImplementation("androidx.test.ext:junit:@TEST_JUNIT@")
}

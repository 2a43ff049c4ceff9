import Darwin
import Foundation

/// What the system says of itself.
enum Readings {
    static func milliseconds() -> Double {
        Double(DispatchTime.now().uptimeNanoseconds) / 1e6
    }

    static func wallMilliseconds() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1000)
    }

    static func thermal() -> String {
        switch ProcessInfo.processInfo.thermalState {
        case .nominal: return "nominal"
        case .fair: return "fair"
        case .serious: return "serious"
        case .critical: return "critical"
        @unknown default: return "critical"
        }
    }

    /// Memory that counts against the limit of the process, bytes.
    static func footprint() -> Int64? {
        var info = task_vm_info_data_t()
        let words = MemoryLayout<task_vm_info_data_t>.size / MemoryLayout<natural_t>.size
        var count = mach_msg_type_number_t(words)
        let status = withUnsafeMutablePointer(to: &info) { pointer in
            pointer.withMemoryRebound(to: integer_t.self, capacity: words) { rebound in
                task_info(mach_task_self_, task_flavor_t(TASK_VM_INFO), rebound, &count)
            }
        }
        return status == KERN_SUCCESS ? Int64(info.phys_footprint) : nil
    }

    static func device() -> Device {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return Device(
            model: word("hw.machine"),
            system: system(),
            version: "\(version.majorVersion).\(version.minorVersion).\(version.patchVersion)",
            processor: word("hw.machine"),
            emulated: emulated()
        )
    }

    private static func system() -> String {
        #if os(iOS)
        return "iOS"
        #else
        return "macOS"
        #endif
    }

    private static func emulated() -> Bool {
        #if targetEnvironment(simulator)
        return true
        #else
        return false
        #endif
    }

    private static func word(_ name: String) -> String {
        var size = 0
        sysctlbyname(name, nil, &size, nil, 0)
        var content = [CChar](repeating: 0, count: max(size, 1))
        sysctlbyname(name, &content, &size, nil, 0)
        return String(cString: content)
    }
}

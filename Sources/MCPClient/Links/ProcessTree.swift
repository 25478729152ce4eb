import FoundationEssentials
import Glibc

/// What a process and all that it started take, as the kernel tells it.
struct ProcessTree {
    /// Resident memory, in bytes.
    var memory = 0
    var count = 0

    /// - Parameter limit: the number of processes at which counting ends.
    init(of root: Int32, limit: Int) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        var waiting = ["\(root)"]
        while let process = waiting.popLast(), count < limit {
            let sizes = Self.words(in: "/proc/\(process)/statm")
            guard sizes.count > 1, let resident = Int(sizes[1]) else { continue }
            count += 1
            memory += resident * page
            // Every thread has the children that it started.
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
            for thread in threads { waiting += Self.words(in: "/proc/\(process)/task/\(thread)/children") }
        }
    }

    /// Nothing for a process that has ended.
    private static func words(in path: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
    }
}

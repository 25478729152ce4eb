import FoundationEssentials
import NIOCore

/// The parts of this machine that decide which local model runs well on it.
package struct Machine: Sendable, Equatable {
    /// The processors that this process may use.
    package var cores: Int
    /// Main memory in bytes, or what the control group of this process may use of it.
    package var memory: Int64
    /// The number of processes that have run or waited for a processor in the last minute, on average.
    package var load: Double

    package init(cores: Int, memory: Int64, load: Double) {
        self.cores = cores
        self.memory = memory
        self.load = load
    }

    /// As it is now.
    package static var current: Machine {
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
            .compactMap { text($0) }.compactMap { Int64($0.prefix { $0.isNumber }) }
        let total = text("/proc/meminfo").flatMap(memory(in:))
        let load = text("/proc/loadavg").flatMap { Double($0.prefix { $0 != " " }) }
        return Machine(
            cores: NIOCore.System.coreCount, memory: ([total].compactMap { $0 } + limits).min() ?? 0, load: load ?? 0)
    }

    static func memory(in text: String) -> Int64? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemTotal:") }) else { return nil }
        return Int64(line.filter(\.isNumber)).map { $0 * 1_024 }
    }

    /// The threads for a model: the cores that nothing else uses, half of them at least. Threads that wait for one
    /// another on a busy machine are slower than fewer.
    package var threads: Int {
        let free = cores - Int(load.rounded())
        return max(1, (cores + 1) / 2, min(free, cores))
    }

    private static func text(_ path: String) -> String? {
        // A file that is not there says nothing.
        (try? String(contentsOfFile: path, encoding: .utf8))
    }
}

extension LocalModel {
    /// What a chat model needs to answer within a few seconds.
    package struct Needs: Sendable, Equatable {
        package var cores: Int
        /// Of the machine, in bytes: the model beside everything else.
        package var memory: Int64
    }

    package func fits(_ machine: Machine) -> Bool {
        machine.cores >= needs.cores && machine.memory >= needs.memory
    }
}

extension ModelCatalogue {
    /// The chat models, the one first that suits this machine best: the best one that fits, then smaller ones, then
    /// those that are too large.
    package static func chatModels(for machine: Machine) -> [LocalModel] {
        let bestFirst = models.filter { $0.purpose == .chat }.sorted { $0.bytes > $1.bytes }
        return bestFirst.filter { $0.fits(machine) } + bestFirst.filter { !$0.fits(machine) }.reversed()
    }
}

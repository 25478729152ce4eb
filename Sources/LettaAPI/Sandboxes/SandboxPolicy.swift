public import JSON

/// What holds tools back on this machine, and what does not.
public struct SandboxPolicy: Codable, Sendable, JSONWritable {
    /// One wall or one door of the sandbox.
    public struct Measure: Codable, Sendable, JSONWritable {
        public var name: String
        public var isInForce: Bool
        /// What it does, or why it is not in force.
        public var reason: String

        public init(_ name: String, isInForce: Bool, _ reason: String) {
            self.name = name
            self.isInForce = isInForce
            self.reason = reason
        }
    }

    /// Of one call. Sizes are in bytes.
    public struct Limits: Codable, Sendable, JSONWritable {
        public var seconds: Double
        public var memory: Int
        public var fileSize: Int
        public var temporaryFolder: Int
        public var descriptors: Int
        public var processes: Int
        public var result: Int
        public var output: Int

        public init(
            seconds: Double, memory: Int, fileSize: Int, temporaryFolder: Int, descriptors: Int, processes: Int,
            result: Int, output: Int
        ) {
            self.seconds = seconds
            self.memory = memory
            self.fileSize = fileSize
            self.temporaryFolder = temporaryFolder
            self.descriptors = descriptors
            self.processes = processes
            self.result = result
            self.output = output
        }
    }

    /// Whether tools can run. Without the sandbox none does.
    public var canRun: Bool
    public var measures: [Measure]
    public var limits: Limits

    public init(canRun: Bool, measures: [Measure], limits: Limits) {
        self.canRun = canRun
        self.measures = measures
        self.limits = limits
    }
}

import ArgumentParser
import LettaServer
import Logging

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Tries the model services of the environment, or one model.",
        discussion: """
            Without a handle it lists the models of each service. With one it calls the model and shows whether it answers, \
            its context window, how it calls tools, whether it follows a JSON schema, the size of its vectors, its speed, \
            what its service refuses, and what to set.
            """)

    @OptionGroup var data: DataOptions

    @Argument(help: "The handle of a model, such as openai/gpt-4o-mini.")
    var handle: String?

    func run() async throws {
        let settings = try data.configuration()
        var logger = settings.logger
        logger.logLevel = max(logger.logLevel, .warning)
        let (lines, isWell) = try await settings.diagnose(handle, logger: logger)
        for line in lines { print(line) }
        if !isWell { throw ExitCode.failure }
    }
}

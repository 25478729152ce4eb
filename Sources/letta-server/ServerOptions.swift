import ArgumentParser
import Configuration
import LettaServer
import Logging

/// The option that every subcommand takes.
struct DataOptions: ParsableArguments {
    @Option(help: "The folder that holds all data; wins over LETTA_DIR.")
    var dataDir: String?

    /// The settings in force, with what the subcommand's own options say.
    func configuration(
        _ refine: (inout ServerConfiguration.Arguments) throws -> Void = { _ in }
    ) throws -> ServerConfiguration {
        var arguments = ServerConfiguration.Arguments()
        arguments.dataFolder = dataDir
        try refine(&arguments)
        return try ServerConfiguration(
            arguments: arguments, environment: ConfigReader(provider: EnvironmentVariablesProvider()))
    }
}

extension ServerConfiguration {
    /// Writes to standard error, a line an event.
    var logger: Logger {
        var logger = Logger(label: "letta-server") { LineLogHandler(label: $0) }
        logger.logLevel = logLevel
        return logger
    }
}

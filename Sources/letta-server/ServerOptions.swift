import ArgumentParser
import Configuration
import LettaServer
import Logging

/// The option of every subcommand.
struct DataOptions: ParsableArguments {
    @Option(help: "The data folder; overrides LETTA_DIR.")
    var dataDir: String?

    /// The settings in effect, including the subcommand's own options.
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
    /// Writes one line per event to standard error; a failure that repeats, once a minute.
    var logger: Logger { logger(keeping: nil) }

    /// - Parameter recent: keeps what is written.
    func logger(keeping recent: RecentLog?) -> Logger {
        let window = RepeatedFailureLog.Window()
        var logger = Logger(label: "letta-server") {
            RepeatedFailureLog(LineLogHandler(label: $0, recent: recent), window: window)
        }
        logger.logLevel = logLevel
        return logger
    }
}

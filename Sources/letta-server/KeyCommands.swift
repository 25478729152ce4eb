import ArgumentParser
import LettaAPI
import LettaServer

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Creates, lists and deletes API keys; a server may run meanwhile.",
        subcommands: [Create.self, List.self, Delete.self], defaultSubcommand: List.self)

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Creates a key and prints it; it is shown this once.")

        @OptionGroup var data: DataOptions

        @Argument(help: "What the key is for.")
        var name: String

        @Option(
            help: "What the key allows: read, write, admin or tools:run; may be given several times.",
            transform: Self.parsed)
        var scope: [KeyScope] = []

        @Option(help: "After how many days it expires; left out: never.")
        var days: Int?

        private static func parsed(_ text: String) throws -> KeyScope {
            guard let scope = KeyScope(rawValue: text) else {
                throw ValidationError("A scope is \(KeyScope.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            return scope
        }

        func validate() throws {
            guard days.map({ (1...36_500).contains($0) }) ?? true else {
                throw ValidationError("--days takes a number from 1 to 36500.")
            }
        }

        func run() async throws {
            let settings = try data.configuration()
            let key = try await KeyAdministration.open(settings, logger: settings.logger) {
                try await $0.create(name: name, scopes: scope, lastingDays: days)
            }
            print(key.key)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the keys, newest first.")

        @OptionGroup var data: DataOptions

        func run() async throws {
            let settings = try data.configuration()
            let keys = try await KeyAdministration.open(settings, logger: settings.logger) { try await $0.list() }
            for key in keys {
                let expiry = key.expiresAt.map { "expires \($0.wireText)" } ?? "never expires"
                print("\(key.id)  \(key.scopes.map(\.rawValue).joined(separator: ","))  \(expiry)  \(key.name)")
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Deletes a key, by its id or the key itself.")

        @OptionGroup var data: DataOptions

        @Argument(help: "The id of the key.")
        var key: String

        func run() async throws {
            let settings = try data.configuration()
            try await KeyAdministration.open(settings, logger: settings.logger) { try await $0.delete(key) }
        }
    }
}

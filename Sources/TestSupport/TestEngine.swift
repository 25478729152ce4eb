import Foundation
import Testing

/// A database engine that tests run on.
package enum TestEngine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgres

    package var testDescription: String { rawValue }
}

/// The engines that a test takes as its argument: `@Test(arguments: Engines.scenarios)`.
package enum Engines {
    private static let environment = ProcessInfo.processInfo.environment

    /// Both engines: for what depends on the engine (transactions, query plans, full-text search) and for one whole life
    /// of each noun. Only `LETTA_TEST_PG=off` leaves PostgreSQL out.
    package static let all: [TestEngine] = environment["LETTA_TEST_PG"] == "off" ? [.sqlite] : TestEngine.allCases

    /// For the other scenarios: SQLite, because the SQL is one text. With `LETTA_LONG_TESTS=yes` both engines.
    package static let scenarios: [TestEngine] = TestRun.isLong ? all : [.sqlite]
}

/// What holds for this run of the tests.
package enum TestRun {
    /// Whether repeated tests run with their full counts, and scenarios on every engine.
    package static let isLong = ProcessInfo.processInfo.environment["LETTA_LONG_TESTS"] == "yes"

    /// A folder for the files of this run. It is removed when the process exits.
    static let folder: String = {
        let path = FileManager.default.temporaryDirectory.appending(path: "letta-tests-\(getpid())").path
        atexit { try? FileManager.default.removeItem(atPath: TestRun.folder) }  // what stays is in the temporary folder
        return path
    }()
}

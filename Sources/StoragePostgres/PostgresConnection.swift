import CLibPQ
import Logging
import Storage

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One connection to a PostgreSQL server, confined to the thread that made it.
///
/// Opens at its first use, and again at the next use after it was lost.
final class PostgresConnection {
    private static let statementLimit = 256
    /// In milliseconds. A cancel request that arrives before the statement does is lost, so it is sent again.
    private static let cancelAgainAfter: Int32 = 250

    private struct Prepared {
        let name: String
        var lastUse: Int
    }

    private let settings: PostgresSettings
    private let notices: NoticeLog
    private(set) var handle: OpaquePointer?
    private var prepared: [String: Prepared] = [:]
    private var uses = 0
    private(set) var wakePipe: WakePipe?

    init(_ settings: PostgresSettings, logger: Logger) {
        self.settings = settings
        notices = NoticeLog(logger: logger)
    }

    var isOpen: Bool { handle != nil }

    /// Blocks until the server has answered, at most for `connect_timeout`.
    @discardableResult
    func open() throws(SQLFailure) -> OpaquePointer {
        if let handle { return handle }
        if wakePipe == nil { wakePipe = WakePipe() }
        guard wakePipe != nil else { throw SQLFailure(.unavailable, "no file descriptor is free") }
        let opened = connect()
        guard let opened, PQstatus(opened) == CONNECTION_OK else {
            let message = opened.map { String(cString: PQerrorMessage($0)) } ?? "out of memory"
            PQfinish(opened)
            throw SQLFailure(.unavailable, "can not connect to PostgreSQL: \(message)")
        }
        PQsetNoticeProcessor(
            opened,
            { context, message in
                guard let context, let message else { return }
                Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().log(String(cString: message))
            }, Unmanaged.passUnretained(notices).toOpaque())
        handle = opened
        return opened
    }

    private func connect() -> OpaquePointer? {
        let pairs = settings.parameters.map { (strdup($0.key), strdup($0.value)) }
        defer {
            for (keyword, value) in pairs {
                free(keyword)
                free(value)
            }
        }
        let keywords = pairs.map { UnsafePointer($0.0) } + [nil]
        let values = pairs.map { UnsafePointer($0.1) } + [nil]
        return PQconnectdbParams(keywords, values, 0)
    }

    func close() {
        if let handle { PQfinish(handle) }
        handle = nil
        prepared = [:]
    }

    /// Ends the open transaction, or the connection when even that fails.
    func rollback() {
        guard let handle, PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
        do {
            _ = try run("ROLLBACK")
        } catch {
            close()
        }
    }

    /// Runs a statement without values that no cancellation interrupts.
    func run(_ sql: String) throws(PostgresError) -> PostgresResult {
        try query(sql, [], nil)
    }

    /// Runs a statement; one with values is prepared at its first use. A cancellation of `interruption` makes
    /// the server stop it.
    func query(
        _ sql: String, _ binds: [SQLValue], _ interruption: Interruption?
    ) throws(PostgresError) -> PostgresResult {
        let handle: OpaquePointer
        let parameters: PostgresParameters
        do throws(SQLFailure) {
            handle = try open()
            parameters = try PostgresParameters(binds)
        } catch {
            throw PostgresError(SQLFailure(error.kind, error.message, sql: sql))
        }
        let name = binds.isEmpty ? nil : try preparedName(sql, interruption)
        let isSent = parameters.withPointers { count, values, lengths, formats in
            if let name {
                PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0)
            } else {
                PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 0)
            }
        }
        guard isSent == 1 else { throw lost(sql) }
        return try result(sql, interruption)
    }

    private func preparedName(_ sql: String, _ interruption: Interruption?) throws(PostgresError) -> String {
        uses += 1
        if let name = prepared[sql]?.name {
            prepared[sql]?.lastUse = uses
            return name
        }
        if prepared.count >= Self.statementLimit,
            let oldest = prepared.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            _ = try run("DEALLOCATE \(oldest.value.name)")
            prepared[oldest.key] = nil
        }
        let name = "s\(uses)"
        guard PQsendPrepare(handle, name, sql, 0, nil) == 1 else { throw lost(sql) }
        _ = try result(sql, interruption)
        prepared[sql] = Prepared(name: name, lastUse: uses)
        return name
    }

    // MARK: - Waiting for the server

    private func result(_ sql: String, _ interruption: Interruption?) throws(PostgresError) -> PostgresResult {
        guard let handle else { throw lost(sql) }
        var last: OpaquePointer?
        while true {
            guard waitForResult(on: handle, interruption) else {
                PQclear(last)
                throw lost(sql)
            }
            guard let next = PQgetResult(handle) else { break }
            PQclear(last)
            last = next
        }
        guard let last else { throw lost(sql) }
        switch PQresultStatus(last) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return PostgresResult(last)
        default: break
        }
        defer { PQclear(last) }
        var error = PostgresError(last, sql: sql)
        if error.state == "57014", interruption?.isCancelled == true { error.failure.kind = .cancelled }
        // A prepared plan that no longer fits the schema, or that is gone: a new connection prepares anew.
        let isPlanStale = error.state == "0A000" || error.state == "26000"
        if isPlanStale || error.endsConnection || PQstatus(handle) != CONNECTION_OK { close() }
        throw error
    }

    /// Returns false when the connection is lost.
    private func waitForResult(on handle: OpaquePointer, _ interruption: Interruption?) -> Bool {
        var isCancelSent = false
        while PQisBusy(handle) == 1 {
            var sources = [
                pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0),
                pollfd(fd: interruption == nil ? -1 : wakePipe?.readEnd ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&sources, 2, isCancelSent ? Self.cancelAgainAfter : -1)
            if sources[1].revents != 0 { wakePipe?.drain() }
            if let interruption, interruption.isCancelled, ready == 0 || !isCancelSent {
                cancelStatement(on: handle)
                isCancelSent = true
            }
            if ready > 0, sources[0].revents != 0, PQconsumeInput(handle) == 0 { return false }
        }
        return true
    }

    /// Waits for an idle connection to break, and hears what others say to the channels that it listens to. Returns false
    /// when `wakePipe` woke it before.
    func waitUntilLost(or wakePipe: WakePipe, hearing hear: (String) -> Void) -> Bool {
        guard let handle else { return true }
        while true {
            // Some may have come with the result of the last statement.
            while let notice = PQnotifies(handle) {
                hear(String(cString: notice.pointee.extra))
                PQfreemem(notice)
            }
            var sources = [PQsocket(handle), wakePipe.readEnd].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            _ = poll(&sources, 2, -1)
            if sources[1].revents != 0 {
                wakePipe.drain()
                return false
            }
            // Notices and changed settings come to an idle connection too; PQisBusy handles them.
            if sources[0].revents != 0, PQconsumeInput(handle) == 0 || PQisBusy(handle) == 1 {
                close()
                return true
            }
        }
    }

    /// Blocks this thread only. The server has signalled the statement when it returns.
    private func cancelStatement(on handle: OpaquePointer) {
        guard let cancel = PQgetCancel(handle) else { return }
        defer { PQfreeCancel(cancel) }
        var message: [CChar] = Array(repeating: 0, count: 256)
        if PQcancel(cancel, &message, Int32(message.count)) == 0 {
            notices.log("cancel failed: \(String(decoding: message.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))")
        }
    }

    private func lost(_ sql: String) -> PostgresError {
        let message = handle.map { String(cString: PQerrorMessage($0)) } ?? "it was closed"
        close()
        return PostgresError(SQLFailure(.unavailable, "the connection to PostgreSQL is lost: \(message)", sql: sql))
    }
}

/// Receives the server's notices, which libpq would print.
final class NoticeLog: Sendable {
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func log(_ message: String) {
        logger.debug("PostgreSQL notice", metadata: ["message": "\(message)"])
    }
}

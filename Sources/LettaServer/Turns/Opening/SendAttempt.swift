import AgentEngine
import Crypto
import JSON
import LettaAPI
import Synchronization

/// What a client says about a send beside its body.
struct SendAttempt: Sendable {
    /// The header `Idempotency-Key`.
    var key: String?
    /// The header `x-stainless-retry-count`; nil for a client that does not count.
    var retryCount: Int?
}

/// What a repeated send is recognized by: digests of the client's keys, and of the messages when they are all there is.
struct SendKeys: Sendable {
    /// Of an `Idempotency-Key` or an `otid` with the messages: equal ones are the same send.
    var exact: [String] = []
    /// Of an `otid` alone, by which clients find the run.
    var lookup: String?
    /// Of the messages: the same send only when the client says that it repeats itself.
    var content: String?
    var isRetry = false

    init() {}

    /// - Throws: nothing that a decoded message could cause.
    init(_ request: TurnRequest, _ attempt: SendAttempt) throws {
        let otid = request.given.compactMap(\.otid).first
        guard attempt.key != nil || otid != nil || attempt.retryCount != nil else { return }
        let thread = request.conversation?.rawValue ?? "default"
        // A client that uses a key for other messages too has them answered all the same.
        let said = String(decoding: try JSONEncoding().encodeBytes(request.given), as: UTF8.self)
        let answers = JSONWriter.string(of: JSONValue.array(request.answers.map(\.json)))
        let messages = "\(said)\u{0}\(answers)"
        if let key = attempt.key { exact.append(Self.digest(thread, "key", key, messages)) }
        if let otid {
            exact.append(Self.digest(thread, "otid", otid, messages))
            lookup = Self.otid(otid, in: request.conversation)
        }
        guard exact.isEmpty, let count = attempt.retryCount else { return }
        content = Self.digest(thread, "messages", messages)
        isRetry = count > 0
    }

    /// The key that a message's `otid` is stored under.
    static func otid(_ otid: String, in conversation: ID<Conversation>?) -> String {
        digest(conversation?.rawValue ?? "default", "otid", otid)
    }

    var all: [String] { exact + [lookup, content].compactMap { $0 } }

    /// The keys under which an earlier attempt of this send is found.
    var known: [String] { exact + (isRetry ? content.map { [$0] } ?? [] : []) }

    private static func digest(_ parts: String...) -> String {
        let bytes = SHA256.hash(data: Array(parts.joined(separator: "\u{0}").utf8))
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

/// The sends at work by their keys, so that a repeat joins the first.
final class SendsAtWork: Sendable {
    private struct Key: Hashable {
        let organization: String
        let agent: ID<AgentState>
        let key: String
    }

    private let controls = Mutex<[Key: TurnControl]>([:])

    /// Enters a send, unless it is at work already.
    ///
    /// - Returns: the turn that is at work on it.
    func enter(_ control: TurnControl, _ keys: SendKeys) -> TurnControl? {
        controls.withLock { controls in
            for key in keys.known { if let first = controls[Self.key(key, control)] { return first } }
            for key in keys.all { controls[Self.key(key, control)] = control }
            return nil
        }
    }

    func leave(_ control: TurnControl, _ keys: SendKeys) {
        controls.withLock { controls in
            for key in keys.all.map({ Self.key($0, control) }) where controls[key] === control {
                controls[key] = nil
            }
        }
    }

    private static func key(_ key: String, _ control: TurnControl) -> Key {
        Key(organization: control.organization, agent: control.agent, key: key)
    }
}

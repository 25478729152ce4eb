/// A key that is spelled on the wire as its `stringValue` is, capitals included.
public protocol VerbatimCodingKey: CodingKey {}

// The coders here spell all other keys in snake case: `createdAt` is `created_at`, `argsJSONSchema` is
// `args_json_schema`, `agentIDs` is `agent_ids`; a name without capitals stays. Nothing is cached, because spelling a
// name into a buffer on the stack is quicker than finding it in a table.
extension CodingKey {
    /// The name of the member that the key stands for.
    package var wireName: String {
        Self.isVerbatim ? stringValue : stringValue.withWireName { String(decoding: $0, as: UTF8.self) }
    }

    static var isVerbatim: Bool {
        Self.self is any VerbatimCodingKey.Type || Self.self == dictionaryKey
    }
}

extension String {
    /// Calls `body` with the text in snake case.
    @inline(__always)
    func withWireName<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        var name = self
        return name.withUTF8 { name in
            guard name.contains(where: isCapital) else { return body(name) }
            guard name.count <= 64 else {
                let spelled = [UInt8](unsafeUninitializedCapacity: name.count * 2) { $1 = spell(name, into: $0) }
                return spelled.withUnsafeBufferPointer(body)
            }
            // Only an allocation of constant size is on the stack.
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { buffer in
                body(UnsafeBufferPointer(rebasing: buffer[..<spell(name, into: buffer)]))
            }
        }
    }
}

/// A word begins with a capital after a small letter, and with the last capital of a row (`JSONSchema`), unless only
/// the `s` of a plural follows (`IDs`).
private func spell(_ name: UnsafeBufferPointer<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    var end = 0
    for place in name.indices {
        let byte = name[place]
        guard isCapital(byte) else {
            buffer[end] = byte
            end += 1
            continue
        }
        if place > 0, name[place - 1] != UInt8(ascii: "_") {
            let next = place + 1 < name.count ? name[place + 1] : nil
            let afterNext = place + 2 < name.count ? name[place + 2] : nil
            let isPlural = next == UInt8(ascii: "s") && afterNext.map(isCapital) ?? true
            let endsRow = next.map { !isCapital($0) } ?? false
            if !isCapital(name[place - 1]) || endsRow && !isPlural {
                buffer[end] = UInt8(ascii: "_")
                end += 1
            }
        }
        buffer[end] = byte | 0x20
        end += 1
    }
    return end
}

@inline(__always)
private func isCapital(_ byte: UInt8) -> Bool {
    byte >= 0x41 && byte <= 0x5A
}

/// The type of the keys of dictionaries, which has no public name. Those keys are content, not names.
private let dictionaryKey: (any CodingKey.Type)? = {
    let probe = KeyTypeProbe()
    // It always throws: only the type it asks with is of interest.
    _ = try? [String: String](from: probe)
    return probe.keyType
}()

private final class KeyTypeProbe: Decoder {
    private struct Seen: Error {}
    var keyType: (any CodingKey.Type)?

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        keyType = type
        throw Seen()
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Seen() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Seen() }
}

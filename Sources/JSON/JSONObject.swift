/// The members of a JSON object, in the order in which they were read or added.
///
/// Keys are compared byte by byte. Finding a key walks the members while there are few of them and
/// uses an index above `JSONObject.indexedAbove`. Two objects are equal when they have equal members in any order.
public struct JSONObject: Sendable {
    public typealias Element = (key: String, value: JSONValue)

    /// Up to so many members a walk is quicker than hashing the key.
    static let indexedAbove = 16

    private(set) var members: [Element]
    /// Where each key stands in `members`; present exactly when there are more than `indexedAbove`.
    private var index: [ByteKey: Int]?

    public init() {
        members = []
        index = nil
    }

    /// Takes members whose keys are known to differ, and what there is of their index: the places of the first ones.
    init(unique members: [Element], index: [ByteKey: Int]?) {
        self.members = members
        guard members.count > Self.indexedAbove else { return }
        var places = index ?? [:]
        places.reserveCapacity(members.count)
        for place in places.count..<members.count { places[ByteKey(members[place].key)] = place }
        self.index = places
    }

    init(_ pairs: [(String, JSONValue)]) {
        self.init()
        members.reserveCapacity(pairs.count)
        for (key, value) in pairs { set(value, for: key) }
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.map(\.key) }

    /// Reading an absent key gives nil. Setting replaces the value in place or appends the member;
    /// setting nil removes it (`.some(.null)` stores a JSON null).
    public subscript(key: String) -> JSONValue? {
        get {
            guard let place = place(of: key) else { return nil }
            return members[place].value
        }
        set {
            guard let newValue else { return remove(key) }
            set(newValue, for: key)
        }
    }

    /// The value of the member whose name has these bytes.
    @inline(__always)
    func value(named name: UnsafeBufferPointer<UInt8>) -> JSONValue? {
        if let index { return index[ByteKey(String(decoding: name, as: UTF8.self))].map { members[$0].value } }
        // By place, so that no member is copied for being looked at.
        for place in members.indices where members[place].key.hasBytes(name) { return members[place].value }
        return nil
    }

    mutating func set(_ value: JSONValue, for key: String) {
        if let place = place(of: key) {
            members[place].value = value
            return
        }
        members.append((key, value))
        if index != nil {
            index?[ByteKey(key)] = members.count - 1
        } else {
            index = Self.index(of: members)
        }
    }

    private mutating func remove(_ key: String) {
        guard let place = place(of: key) else { return }
        members.remove(at: place)
        index = Self.index(of: members)
    }

    /// Where each key stands; nil when there are too few members to be worth it.
    static func index(of members: [Element]) -> [ByteKey: Int]? {
        guard members.count > indexedAbove else { return nil }
        var places: [ByteKey: Int] = [:]
        places.reserveCapacity(members.count)
        for place in members.indices { places[ByteKey(members[place].key)] = place }
        return places
    }

    private func place(of key: String) -> Int? {
        if let index { return index[ByteKey(key)] }
        let count = key.utf8.count
        for place in members.indices
        where members[place].key.utf8.count == count && members[place].key.hasSameBytes(as: key) {
            return place
        }
        return nil
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> IndexingIterator<[Element]> {
        members.makeIterator()
    }

    public var underestimatedCount: Int { members.count }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        // The sum does not depend on the order, as equality does not.
        var sum = 0
        for (key, value) in members {
            var member = Hasher()
            member.combine(ByteKey(key))
            member.combine(value)
            sum &+= member.finalize()
        }
        hasher.combine(members.count)
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }
}

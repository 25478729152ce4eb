/// How one capture of a path has to look. What does not match gets a 422 before the handler runs.
public enum CapturePattern: Sendable, Hashable {
    /// `<prefix>-<uuid4>` with one of the prefixes, or one of the words.
    case ids(prefixes: [String], words: [String])
    /// Any text, percent-decoded.
    case text

    public static func id(prefix: String) -> CapturePattern { .ids(prefixes: [prefix], words: []) }
}

/// The captures of an endpoint's path, in the order in which they stand there.
public protocol PathParameters: Sendable {
    static var patterns: [CapturePattern] { get }
    /// Takes as many values as there are patterns, each already checked against its pattern.
    init(captured values: [String])
    var captured: [String] { get }
}

/// Stands for "the path captures nothing".
public struct NoPath: PathParameters {
    public static let patterns: [CapturePattern] = []
    public var captured: [String] { [] }

    public init() {}
    public init(captured values: [String]) {}
}

/// A single capture that is a name, label or other free text.
public struct TextPath: PathParameters {
    public static let patterns: [CapturePattern] = [.text]
    public var text: String
    public var captured: [String] { [text] }

    public init(_ text: String) {
        self.text = text
    }

    public init(captured values: [String]) {
        text = values[0]
    }
}

/// A resource inside another one, both named by id: `/agents/{agent_id}/…/{block_id}`.
public struct NestedPath<Outer: Resource, Inner: Resource>: PathParameters {
    public static var patterns: [CapturePattern] {
        [.id(prefix: Outer.idPrefix), .id(prefix: Inner.idPrefix)]
    }
    public var outer: ID<Outer>
    public var inner: ID<Inner>
    public var captured: [String] { [outer.rawValue, inner.rawValue] }

    public init(_ outer: ID<Outer>, _ inner: ID<Inner>) {
        self.outer = outer
        self.inner = inner
    }

    public init(captured values: [String]) {
        outer = ID(values[0])
        inner = ID(values[1])
    }
}

/// Something inside a resource that is named by free text: `/agents/{agent_id}/…/{block_label}`.
public struct NamedPath<Outer: Resource>: PathParameters {
    public static var patterns: [CapturePattern] { [.id(prefix: Outer.idPrefix), .text] }
    public var outer: ID<Outer>
    public var name: String
    public var captured: [String] { [outer.rawValue, name] }

    public init(_ outer: ID<Outer>, _ name: String) {
        self.outer = outer
        self.name = name
    }

    public init(captured values: [String]) {
        outer = ID(values[0])
        name = values[1]
    }
}

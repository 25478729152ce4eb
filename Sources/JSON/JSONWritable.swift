/// Whatever can write itself as one JSON value: the way responses become bytes.
public protocol JSONWritable: Sendable {
    /// Writes exactly one value.
    func write(to writer: inout JSONWriter)
}

extension Bool: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.write(self ? "true" : "false" as StaticString)
    }
}

extension Int: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.write(self)
    }
}

extension Int32: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.write(self)
    }
}

extension Int64: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.write(self)
    }
}

extension UInt64: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.write(self)
    }
}

extension Double: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.write(self)
    }
}

extension String: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.write(self)
    }
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
    @inlinable
    public func write(to writer: inout JSONWriter) {
        if let self { self.write(to: &writer) } else { JSONValue.null.write(to: &writer) }
    }
}

extension Array: JSONWritable where Element: JSONWritable {
    @inlinable
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        for element in self { element.write(to: &writer) }
        writer.endArray()
    }
}

/// Written in the order of the keys, so that equal dictionaries give equal text.
extension Dictionary: JSONWritable where Key == String, Value: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for (key, value) in self.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
        writer.endObject()
    }
}

extension JSONValue: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.write("null" as StaticString)
        case .bool(let bool): bool.write(to: &writer)
        case .int(let int): writer.write(int)
        case .double(let double): writer.write(double)
        case .string(let string): writer.write(string)
        case .array(let array): array.write(to: &writer)
        case .object(let object): object.write(to: &writer)
        }
    }
}

extension JSONObject: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for (key, value) in members { writer.field(key, value) }
        writer.endObject()
    }
}

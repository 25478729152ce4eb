import JSON

/// Hands the process over to libFuzzer, whose own `main` SwiftPM leaves no room for.
@main
enum FuzzJSON {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = CommandLine.unsafeArgv
        _ = runFuzzer(&count, &arguments, fuzzJSON)
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Called by libFuzzer with one input after another. Stops the process when a promise of the parser is broken.
///
/// The first byte chooses the options, the rest is the document. Whatever is read must come out of the writer, in any
/// style, as text that is read to an equal value.
@_cdecl("LLVMFuzzerTestOneInput")
private func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let parser = JSONParser(options: .init(rawValue: start[0] & 3))
    guard let value = try? parser.parse(UnsafeRawBufferPointer(start: start + 1, count: count - 1)) else { return 0 }
    for style in [JSONWriter.Style.compact, .spaced, .indented(2)] {
        let text = JSONWriter.bytes(of: value, style: style)
        precondition((try? JSONParser().parse(text)) == value, "a document changed on its way through the writer")
    }
    // Decoding must end in a value or a failure.
    _ = try? JSONDecoding(scalars: .lax, wrapsSingleValues: true).decode([String: [Int]].self, from: value)
    return 0
}

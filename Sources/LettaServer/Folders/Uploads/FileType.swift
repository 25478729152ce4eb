/// A type of file whose text this server reads.
struct FileType: Sendable, Hashable {
    enum Reading: Sendable, Hashable {
        /// The file is text.
        case text
        /// A program in the sandbox takes the text out.
        case document(format: String)
    }

    /// The MIME type.
    let name: String
    let reading: Reading

    /// The type of a file by its name, or else by what its sender says.
    ///
    /// The name comes first: senders that don't know a type say `application/octet-stream` or nothing.
    init?(fileName: String, declared: String?) {
        let declared = declared?.lowercased()
        if let dot = fileName.lastIndex(of: "."),
            let known = Self.byExtension[fileName[fileName.index(after: dot)...].lowercased()]
        {
            self = known
        } else if let declared, let known = Self.byExtension.values.first(where: { $0.name == declared }) {
            self = known
        } else if let declared, declared.hasPrefix("text/") {
            self.init(declared, .text)
        } else {
            return nil
        }
    }

    private init(_ name: String, _ reading: Reading) {
        self.name = name
        self.reading = reading
    }

    private static let byExtension: [String: FileType] = {
        var types: [String: FileType] = [:]
        for (name, reading, extensions) in all {
            for one in extensions.split(separator: " ") { types[String(one)] = FileType(name, reading) }
        }
        return types
    }()

    private static let office = "application/vnd.openxmlformats-officedocument."

    private static let all: [(String, Reading, String)] = [
        ("text/plain", .text, "txt text log cfg conf ini properties env toml srt vtt rst org tex bib"),
        ("text/markdown", .text, "md markdown mdx"), ("text/html", .text, "html htm xhtml"), ("text/csv", .text, "csv"),
        ("text/tab-separated-values", .text, "tsv"), ("application/json", .text, "json"),
        ("application/jsonl", .text, "jsonl ndjson"), ("application/xml", .text, "xml svg xsd xsl"),
        ("application/yaml", .text, "yaml yml"), ("text/css", .text, "css scss sass less"),
        ("text/x-python", .text, "py pyi"), ("text/javascript", .text, "js mjs cjs jsx"),
        ("text/typescript", .text, "ts tsx"), ("text/x-java-source", .text, "java"), ("text/x-c", .text, "c h"),
        ("text/x-c++", .text, "cc cpp cxx hh hpp"), ("text/x-csharp", .text, "cs"), ("text/x-go", .text, "go"),
        ("text/x-rust", .text, "rs"), ("text/x-swift", .text, "swift"), ("text/x-kotlin", .text, "kt kts"),
        ("text/x-ruby", .text, "rb"), ("text/x-php", .text, "php"), ("text/x-perl", .text, "pl pm"),
        ("text/x-lua", .text, "lua"), ("text/x-r", .text, "r"), ("text/x-scala", .text, "scala"),
        ("text/x-shellscript", .text, "sh bash zsh fish"), ("text/x-sql", .text, "sql"),
        ("text/x-vue", .text, "vue svelte"), ("text/x-diff", .text, "diff patch"),
        ("application/pdf", .document(format: "pdf"), "pdf"),
        (office + "wordprocessingml.document", .document(format: "docx"), "docx"),
        (office + "presentationml.presentation", .document(format: "pptx"), "pptx"),
        (office + "spreadsheetml.sheet", .document(format: "xlsx"), "xlsx"),
        ("application/vnd.oasis.opendocument.text", .document(format: "odt"), "odt"),
        ("application/epub+zip", .document(format: "epub"), "epub"),
        ("image/png", .document(format: "image"), "png"), ("image/jpeg", .document(format: "image"), "jpg jpeg"),
        ("image/tiff", .document(format: "image"), "tif tiff"), ("image/webp", .document(format: "image"), "webp"),
        ("image/bmp", .document(format: "image"), "bmp"),
    ]
}

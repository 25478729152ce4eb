/// The text of an HTML page, without its markup: each block on a line of its own.
enum PageText {
    private static let hidden: Set<String> = [
        "script", "style", "noscript", "template", "svg", "head", "iframe", "nav",
    ]
    private static let blocks: Set<String> = [
        "p", "div", "br", "li", "ul", "ol", "tr", "table", "section", "article", "header", "footer", "main", "pre",
        "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "hr", "form", "figure", "td", "th",
    ]
    private static let entities = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "mdash": "—", "ndash": "–",
        "hellip": "…", "copy": "©", "laquo": "«", "raquo": "»", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”",
        "euro": "€", "middot": "·", "bull": "•",
    ]
    private static let longestEntity = 10

    static func text(of html: [UInt8]) -> String {
        var lines: [String] = []
        var line: [UInt8] = []
        func endLine() {
            let words = String(decoding: line, as: UTF8.self).split { $0.isWhitespace }
            line.removeAll(keepingCapacity: true)
            if !words.isEmpty { lines.append(decoded(words.joined(separator: " "))) }
        }
        var place = html.startIndex
        while place < html.endIndex {
            guard html[place] == UInt8(ascii: "<") else {
                line.append(html[place])
                place += 1
                continue
            }
            let comment = html[place...].starts(with: Array("<!--".utf8))
            let end = comment ? end(of: "-->", in: html, from: place + 4) : tagEnd(in: html, from: place)
            let name = comment ? "" : tagName(html[place..<end])
            place = end
            if hidden.contains(name) {
                place = closing(name, in: html, from: place)
                endLine()
            } else if blocks.contains(name.first == "/" ? String(name.dropFirst()) : name) {
                endLine()
                if name == "li" { line += Array("- ".utf8) }
            }
        }
        endLine()
        return lines.joined(separator: "\n")
    }

    /// `div` of `<div class="x">`, `/div` of `</div>`.
    private static func tagName(_ tag: ArraySlice<UInt8>) -> String {
        let name = tag.dropFirst().prefix { byte in
            byte == UInt8(ascii: "/") || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        }
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    private static func tagEnd(in html: [UInt8], from start: Int) -> Int {
        var quote: UInt8?
        for place in start..<html.count {
            let byte = html[place]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return place + 1
            }
            // A quote that is never closed hides no more than a tag.
            if place - start > 10_000 { return place + 1 }
        }
        return html.count
    }

    private static func end(of text: String, in html: [UInt8], from start: Int) -> Int {
        let wanted = Array(text.utf8)
        var place = start
        while place + wanted.count <= html.count {
            if html[place] == wanted[0], html[place..<place + wanted.count].elementsEqual(wanted) {
                return place + wanted.count
            }
            place += 1
        }
        return html.count
    }

    /// Behind the end tag of an element whose content is not shown.
    private static func closing(_ name: String, in html: [UInt8], from start: Int) -> Int {
        let wanted = Array("</\(name)".utf8)
        var place = start
        while place + wanted.count <= html.count {
            if html[place] == UInt8(ascii: "<"),
                zip(html[place...], wanted).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 })
            {
                return tagEnd(in: html, from: place)
            }
            place += 1
        }
        return html.count
    }

    private static func decoded(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            let name = rest.dropFirst().prefix(longestEntity).prefix { $0 != ";" && $0 != "&" && $0 != " " }
            let after = rest.index(rest.startIndex, offsetBy: name.count + 1, limitedBy: rest.endIndex) ?? rest.endIndex
            guard after < rest.endIndex, rest[after] == ";", let character = character(String(name)) else {
                result.append("&")
                rest = rest.dropFirst()
                continue
            }
            result += character
            rest = rest[rest.index(after: after)...]
        }
        return result + rest
    }

    private static func character(_ name: String) -> String? {
        guard name.first == "#" else { return entities[name] }
        let digits = name.dropFirst()
        let isHex = digits.first == "x" || digits.first == "X"
        guard let number = UInt32(isHex ? digits.dropFirst() : digits, radix: isHex ? 16 : 10),
            let scalar = Unicode.Scalar(number)
        else { return nil }
        return String(Character(scalar))
    }
}

import AgentEngine
import JSON
import LettaAPI

/// Validates agents at creation and change.
enum AgentRules {
    /// - Throws: `APIError` for types that can't be created, or only with a companion.
    static func kind(of body: CreateAgent) throws -> AgentKind {
        let kind = body.agentType.flatMap { AgentKind(rawValue: $0.rawValue) } ?? .standard
        do {
            try kind.checkCreatable(enableSleeptime: body.enableSleeptime ?? false)
        } catch {
            switch error {
            case .notSupported: throw APIError(400, "Invalid agent type: \(kind.rawValue)")
            case .needsSleeptime:
                let text = "Agent type \(kind.rawValue) requires enable_sleeptime to be True"
                throw APIError.invalidField("agent_type", text, input: .string(kind.rawValue))
            }
        }
        return kind
    }

    /// - Throws: `APIError` 422 naming the first invalid field.
    static func check(_ body: CreateAgent) throws {
        try checkName(body.name)
        try checkTimezone(body.timezone)
        try EnvironmentName.check("secrets", (body.secrets ?? body.toolExecEnvironmentVariables ?? [:]).keys.sorted())
        try KeyText.check("tags", body.tags)
        try checkPositive("max_files_open", body.maxFilesOpen)
        try checkPositive("per_file_view_window_char_limit", body.perFileViewWindowCharLimit)
    }

    /// Any text of up to 2,000 bytes without control characters, which would break lines of logs and terminals.
    static func checkName(_ name: String?) throws {
        guard let name else { return }
        try KeyText.check("name", name)
        guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw APIError.invalidField(
                "name", "the name must not contain control characters such as line breaks", input: .string(name))
        }
    }

    static func checkTimezone(_ name: String?) throws {
        guard let name, !ZoneDatabase.system.isKnown(name) else { return }
        throw APIError.invalidField(
            "timezone", "unknown time zone; use a name of the tz database such as 'Europe/Berlin'",
            input: .string(name))
    }

    static func checkPositive(_ field: String, _ number: Int?) throws {
        guard let number, number <= 0 else { return }
        throw APIError.invalidField(field, "must be positive", input: .int(Int64(number)))
    }

    /// The rules in order, without duplicates.
    ///
    /// - Throws: `APIError` 422 naming the invalid rule and its field.
    static func toolRules(_ rules: [JSONValue]) throws -> [ToolRule] {
        try rules.enumerated().map { index, json in
            do throws(ToolRuleProblem) {
                return try ToolRule(json: json)
            } catch {
                let issue = ValidationIssue(
                    type: error.code,
                    location: [.name("body"), .name("tool_rules"), .index(index)]
                        + error.path.map { .name($0) },
                    message: error.message, input: error.input ?? json)
                throw APIError(status: 422, body: .validation([issue], examples: []))
            }
        }.withoutDuplicates
    }

    /// Labels are unique within an agent: tools name blocks by them.
    static func checkLabels(_ blocks: [BlockRow]) throws {
        var seen: Set<String> = []
        for block in blocks where !seen.insert(block.label).inserted {
            throw APIError.invalidField(
                "memory_blocks", "two blocks have the label '\(block.label)'; every label can be used once",
                input: .string(block.label))
        }
    }

    static func choice(_ body: CreateAgent) -> DefaultTools.Choice {
        DefaultTools.Choice(
            enableSleeptime: body.enableSleeptime ?? false, includeBaseTools: body.includeBaseTools ?? true,
            includeMultiAgentTools: body.includeMultiAgentTools ?? false,
            includeBaseToolRules: body.includeBaseToolRules)
    }

    /// Substitutes values for `{{name}}`; names without a value stay as they are.
    static func filled(_ text: String, with variables: [String: String]) -> String {
        var filled = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "{{"), let end = rest[start.upperBound...].firstRange(of: "}}") {
            filled += rest[..<start.lowerBound]
            let name = rest[start.upperBound..<end.lowerBound]
            let trimmed = String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            filled += variables[trimmed] ?? String(rest[start.lowerBound..<end.upperBound])
            rest = rest[end.upperBound...]
        }
        return filled + rest
    }
}

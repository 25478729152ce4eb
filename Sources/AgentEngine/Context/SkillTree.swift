/// A skill of a client's environment, as described to the model.
package struct Skill: Sendable, Hashable {
    package var name: String
    package var description: String
    /// The path of its instructions.
    package var location: String

    package init(name: String, description: String, location: String) {
        self.name = name
        self.description = description
        self.location = location
    }
}

/// Shows skills as a tree of files and folders.
package enum SkillTree {
    /// The `<available_skills>` element; nil without skills.
    package static func element(of skills: [Skill]) -> String? {
        guard !skills.isEmpty else { return nil }
        var roots: [(path: String, files: [File])] = []
        for file in skills.map(File.init) {
            if let index = roots.firstIndex(where: { $0.path == file.root }) {
                roots[index].files.append(file)
            } else {
                roots.append((file.root, [file]))
            }
        }
        let lines = roots.flatMap { root in
            [root.path] + root.files.enumerated().flatMap { $1.lines(isLast: $0 == root.files.count - 1) }
        }
        return (["<available_skills>"] + lines + ["</available_skills>"]).joined(separator: "\n")
    }

    /// A skill's file: its own folder, and the parent of that.
    private struct File {
        let root: String
        let folder: String?
        let name: String
        let description: String

        init(_ skill: Skill) {
            let path = skill.location.split(separator: "/").map(String.init)
            let isAbsolute = skill.location.hasPrefix("/")
            let above = path.dropLast(2).joined(separator: "/")
            root = isAbsolute ? "/\(above)" : above.isEmpty ? "." : above
            folder = path.count > 1 ? path[path.count - 2] : nil
            name = path.last ?? skill.name
            // Each line of the tree is a single line of text.
            description = skill.description.split(whereSeparator: \.isNewline).joined(separator: " ")
        }

        func lines(isLast: Bool) -> [String] {
            let branch = isLast ? "└── " : "├── "
            guard let folder else { return ["\(branch)\(name) (\(description))"] }
            return ["\(branch)\(folder)/", "\(isLast ? "    " : "│   ")└── \(name) (\(description))"]
        }
    }
}

import Storage

extension Migration {
    /// Folders of files, the files of agents, and jobs.
    static let folders = Migration(number: 11, name: "folders") { _ in
        []
    }
}

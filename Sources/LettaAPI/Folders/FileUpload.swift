/// What happens when a folder has a file of the uploaded name.
public enum DuplicateHandling: String, Codable, Sendable, CaseIterable {
    /// The new file gets a number: `notes_(1).txt`.
    case suffix
    /// The old file stays, and is returned.
    case skip
    case error
    /// The new file takes the place of the old one.
    case replace
}

/// The parameters of an upload. The file itself is the part `file` of a form.
public struct UploadFile: Codable, Sendable {
    public var duplicateHandling: DuplicateHandling?
    /// The file's name in the folder; its own without one.
    public var name: String?

    public init() {}
}

extension API.Folders {
    public static let upload = Endpoint<ID<Folder>, UploadFile, NoBody, FileMetadata>(
        .post, "/v1/folders/{folder_id}/upload",
        "Uploads a file (part `file` of a form) to a folder. Its text is read in the background.")
}

extension API.Sources {
    public static let upload = Endpoint<ID<Folder>, UploadFile, NoBody, FileMetadata>(
        .post, "/v1/sources/{source_id}/upload",
        "Uploads a file (part `file` of a form) to a folder. Its text is read in the background.")
}

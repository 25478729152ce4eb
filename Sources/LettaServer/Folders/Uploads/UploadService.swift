import JSON
import LettaAPI
import Storage

/// Takes files that clients upload to folders. Their texts are read later, by ``FileReadingService``.
struct UploadService: Sendable {
    /// In bytes.
    static let largestFile = 100 << 20
    /// A form is larger than its file.
    static let largestForm = largestFile + (1 << 20)

    /// Passes on what a form consists of, one after the other.
    typealias Form = (_ receive: (MultipartEvent) async throws -> Void) async throws -> Void

    let core: Core
    let reading: FileReadingService

    /// Stores the file of the form, and returns it before its text is read.
    ///
    /// - Returns: nil for a form without a file.
    /// - Throws: `APIError`: 404 for an unknown folder, 413 for a file that is too large, 415 for a type whose text can't
    ///   be read, 400 for a duplicate that is an error.
    func upload(
        to folder: ID<Folder>, _ query: UploadFile, as scope: Scope, _ form: Form
    ) async throws -> FileMetadata? {
        try KeyText.check("name", query.name, in: "query")
        _ = try await core.storage.read(as: scope) { db in try FolderService.folder(folder, db) }
        var upload = Upload(id: core.ids.next())
        do {
            try await form { event in try await receive(event, &upload, query, scope) }
            guard let arrived = upload.arrived else { return nil }
            let (file, isNew) = try await store(arrived, in: folder, query, as: scope)
            if isNew { reading.wake() } else { try await discard(upload.id, as: scope) }
            return file
        } catch {
            let id = upload.id
            try await shieldedFromCancellation { try await discard(id, as: scope) }
            throw error
        }
    }

    /// A file of a form while it arrives.
    private struct Upload {
        let id: ID<FileMetadata>
        var arrived: Arrived?
        /// Whether the bytes that arrive are the file's.
        var isOpen = false
        var bytes: [UInt8] = []
        var parts = 0
    }

    private struct Arrived: Sendable {
        let id: ID<FileMetadata>
        let originalName: String
        let name: String
        let type: FileType
        var size = 0
    }

    private func receive(
        _ event: MultipartEvent, _ upload: inout Upload, _ query: UploadFile, _ scope: Scope
    ) async throws {
        switch event {
        case .part(let part):
            guard part.name == "file", let fileName = part.fileName, upload.arrived == nil else { return }
            upload.arrived = try Self.arrived(upload.id, fileName, part.contentType, query)
            upload.isOpen = true
        case .bytes(let bytes):
            guard upload.isOpen, var arrived = upload.arrived else { return }
            arrived.size += bytes.count
            guard arrived.size <= Self.largestFile else { throw APIError.tooLargeFile(Self.largestFile) }
            upload.arrived = arrived
            upload.bytes += bytes
            if upload.bytes.count >= UploadStore.partSize { try await storePart(&upload, scope) }
        case .end:
            guard upload.isOpen else { return }
            upload.isOpen = false
            if !upload.bytes.isEmpty { try await storePart(&upload, scope) }
        }
    }

    private func storePart(_ upload: inout Upload, _ scope: Scope) async throws {
        let (id, bytes, position) = (upload.id, upload.bytes, upload.parts)
        try await core.storage.write(as: scope) { db in try UploadStore.insertPart(bytes, at: position, of: id, db) }
        upload.bytes = []
        upload.parts += 1
    }

    private func discard(_ id: ID<FileMetadata>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in try UploadStore.delete(id, db) }
    }

    private static func arrived(
        _ id: ID<FileMetadata>, _ original: String, _ declared: String?, _ query: UploadFile
    ) throws -> Arrived {
        let originalName = fileName(original)
        let name = query.name.map(fileName) ?? originalName
        guard !name.isEmpty else {
            throw APIError.invalidField("file", "the file needs a name", input: .string(original))
        }
        try KeyText.check("file", name)
        guard let type = FileType(fileName: originalName, declared: declared) else {
            throw APIError(
                415,
                "Unsupported file type: \(declared ?? "none") (filename: \(originalName)). Supported types: PDF, DOCX, "
                    + "PPTX, XLSX, ODT, EPUB, images (PNG, JPEG, TIFF, WebP, BMP), text files (.txt, .md), JSON, and code "
                    + "files (.py, .js, .java, etc.).")
        }
        return Arrived(id: id, originalName: originalName, name: name, type: type)
    }

    /// The last component of a path, without control characters: agents see files as `folder/file`.
    private static func fileName(_ text: String) -> String {
        let last = text.split { $0 == "/" || $0 == "\\" }.last ?? ""
        let visible = last.unicodeScalars.filter { $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(visible)).split(separator: " ").joined(separator: " ")
    }

    // MARK: Storing

    /// - Returns: the file, and whether it is new.
    private func store(
        _ arrived: Arrived, in id: ID<Folder>, _ query: UploadFile, as scope: Scope
    ) async throws -> (FileMetadata, isNew: Bool) {
        let time = core.now()
        let job: ID<Job> = core.ids.next()
        return try await core.storage.write(as: scope) { [core] db in
            let folder = try FolderService.folder(id, locking: true, db)
            var name = arrived.name
            if var old = try FolderStore.file(named: name, in: id, db) {
                switch query.duplicateHandling ?? .suffix {
                case .suffix: name = try Self.freeName(name, in: id, db)
                case .skip:
                    old.fileName = "\(folder.name)/\(old.fileName)"
                    return (old, isNew: false)
                case .error:
                    throw APIError.invalidArgument("File '\(name)' already exists in folder '\(folder.name)'")
                case .replace: try FolderStore.delete(old.id, db)
                }
            }
            var file = FileMetadata(
                id: arrived.id, in: id, name: name, organizationID: scope.organization, createdAt: time)
            file.originalFileName = arrived.originalName
            file.fileType = arrived.type.name
            file.fileSize = arrived.size
            file.processingStatus = .parsing
            try FolderService.add(file, content: nil, ids: core.ids, db)
            try db.insert(Self.job(job, for: file, scope), into: JobStore.table)
            try UploadStore.insert(file, job: job, db)
            file.fileName = "\(folder.name)/\(name)"
            return (file, isNew: true)
        }
    }

    private static func job(_ id: ID<Job>, for file: FileMetadata, _ scope: Scope) throws -> JobRow {
        var job = Job(id: id, createdAt: file.createdAt)
        job.userID = scope.user
        job.createdByID = scope.user
        job.lastUpdatedByID = scope.user
        job.metadata = ObjectDocument(["type": "file_reading", "file_id": .string(file.id.rawValue)])
        return JobRow(job, folder: file.sourceID)
    }

    /// `notes_(1).txt` for `notes.txt`, with the first number that no file has.
    private static func freeName(_ name: String, in folder: ID<Folder>, _ db: Transaction) throws -> String {
        let dot = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : $0 } ?? name.endIndex
        let (stem, ending) = (name[..<dot], name[dot...])
        let taken = Set(try FolderStore.fileNames(startingWith: "\(stem)_(", in: folder, db))
        var number = 1
        while taken.contains("\(stem)_(\(number))\(ending)") { number += 1 }
        return "\(stem)_(\(number))\(ending)"
    }
}

extension APIError {
    fileprivate static func tooLargeFile(_ limit: Int) -> APIError {
        APIError(413, "The file exceeds the limit of \(limit) bytes. Upload a smaller file.")
    }
}

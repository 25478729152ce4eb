import EventStreams
import LettaAPI
import LocalModels
import ModelProviders

/// Answers what works with the model services of the server and of an organization.
struct ModelDiagnosisService: Sendable {
    let models: ModelService
    let clock: any Clock<Duration>

    /// - Throws: `APIError`: 400 for a handle without a slash, 404 for one that no service has.
    func diagnose(_ handle: String?, as scope: Scope) async throws -> ModelDiagnosis {
        guard let handle else { return ModelDiagnosis(services: try await services(as: scope)) }
        let model: ModelDescription
        do {
            model = try await models.model(handle, .embedding, as: scope)
        } catch HandleFailure.unknown {
            do {
                // Calls a model that no service lists.
                model = try await models.model(handle, .llm, as: scope)
            } catch HandleFailure.unknown(_, let known) {
                throw APIError(404, Self.unknown(handle, known: known))
            }
        }
        guard let provider = try await models.provider(listing: model, as: scope) else {
            throw APIError(404, Self.unknown(handle, known: []))
        }
        let (service, names) = await Self.look(at: provider, clock)
        var diagnosis = ModelDiagnosis(services: [service])
        diagnosis.model = await ModelDoctor(provider: provider, clock: clock, learned: models.transport.learned)
            .report(on: model, isListed: names.contains(model.name))
        return diagnosis
    }

    private func services(as scope: Scope) async throws -> [ServiceReport] {
        let providers = models.directory.all + (try await models.userProviders.all(as: scope))
        return await withTaskGroup(of: (Int, ServiceReport).self) { group in
            for (index, provider) in providers.enumerated() {
                group.addTask { [clock] in (index, await Self.look(at: provider, clock).report) }
            }
            let reports = await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            return providers.indices.compactMap { reports[$0] }
        }
    }

    private static let listingDeadline = Duration.seconds(10)

    /// Lists the models of a service now.
    static func look(
        at provider: any ModelProvider, _ clock: any Clock<Duration>
    ) async -> (report: ServiceReport, names: Set<String>) {
        let settings = provider.settings
        var report = ServiceReport(
            providerName: settings.name, providerType: settings.service,
            providerCategory: settings.category.rawValue, endpoint: EgressAddress.shown(settings.baseURL),
            isReached: false, models: 0)
        do {
            let models = try await withDeadline(listingDeadline, clock: clock) { try await provider.listModels() }
            report.isReached = true
            report.models = models.count
            if models.isEmpty {
                report.advice = [
                    settings.name == LocalRuntime.providerName
                        ? "No local model is installed. Install one: `letta-server models install`."
                        : "It lists no models. Install or load one there."
                ]
            }
            return (report, Set(models.map(\.name)))
        } catch {
            let failure = ModelDoctor.failure(of: error).naming(settings)
            report.error = failure.message
            report.advice = ServiceReport.advice(on: failure, settings)
            return (report, [])
        }
    }

    static func unknown(_ handle: String, known: [String]) -> String {
        let list = known.prefix(50).map { "'\($0)'" }.joined(separator: ", ")
        return "NOT_FOUND: Handle \(handle) not found, must be one of [\(list)]"
    }
}

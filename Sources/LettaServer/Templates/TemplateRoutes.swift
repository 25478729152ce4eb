import HTTPKit
import LettaAPI

struct TemplateRoutes: RouteGroup {
    let templates: TemplateService

    func register(on routes: Routes) {
        routes.handle(API.Templates.list) { call in
            let (list, next) = try await templates.list(call.query, as: call.scope)
            return Reply(list, headers: call.link(to: next))
        }
        routes.handle(API.Templates.create) { try await templates.create($0.body, in: nil, as: $0.scope) }
        routes.handle(API.Templates.update) { try await templates.update($0.reference(), $0.body, as: $0.scope) }
        routes.handle(API.Templates.delete) { call in
            try await templates.delete(call.reference(), as: call.scope)
            return TemplateOutcome()
        }
        routes.handle(API.Templates.rollback) {
            try await templates.rollback($0.reference(), to: $0.body.version, as: $0.scope)
        }
        routes.handle(API.Templates.save) {
            try await templates.save($0.reference(), $0.body ?? SaveTemplate(), as: $0.scope)
        }
        routes.handle(API.Templates.createAgents) {
            TemplateAgentIDs(
                try await templates.createAgents(
                    from: $0.reference(), $0.body ?? CreateTemplateAgents(), as: $0.scope))
        }
        routes.handle(API.AgentTemplates.create) { call in
            var body = CreateTemplate()
            body.agentID = call.path.rawValue
            return try await templates.create(body, in: nil, as: call.scope)
        }
        routes.handle(API.AgentTemplates.createVersion) {
            try await templates.createVersion(from: $0.path, as: $0.scope)
        }
        routes.handle(API.AgentTemplates.migrate) { call in
            try await templates.migrate(call.path, call.body, as: call.scope)
            return TemplateOutcome()
        }
        registerProjects(on: routes)
    }

    private func registerProjects(on routes: Routes) {
        routes.handle(API.ProjectTemplates.create) {
            try await templates.create($0.body, in: $0.path.text, as: $0.scope)
        }
        routes.handle(API.ProjectTemplates.save) {
            try await templates.save($0.path.reference(), $0.body ?? SaveTemplate(), as: $0.scope)
        }
        routes.handle(API.ProjectTemplates.delete) { call in
            try await templates.delete(call.path.reference(), as: call.scope)
            return TemplateOutcome()
        }
        routes.handle(API.ProjectTemplates.rename) { call in
            try await templates.rename(call.path.reference(), to: call.body.newName, as: call.scope)
            return TemplateOutcome()
        }
        routes.handle(API.ProjectTemplates.describe) { call in
            try await templates.describe(call.path.reference(), call.body, as: call.scope)
            return TemplateOutcome()
        }
        routes.handle(API.ProjectTemplates.versions) { call in
            let (list, next) = try await templates.versions(of: call.path.reference(), call.query, as: call.scope)
            return Reply(list, headers: call.link(to: next))
        }
        routes.handle(API.ProjectTemplates.createAgents) {
            try await templates.createAgents(
                from: $0.path.reference(), $0.body ?? CreateTemplateAgents(), as: $0.scope)
        }
        routes.handle(API.ProjectTemplates.fork) {
            try await templates.fork($0.path.reference(), as: $0.body?.name, $0.scope)
        }
        routes.handle(API.ProjectTemplates.snapshot) {
            try await templates.snapshot($0.path.reference(), as: $0.scope)
        }
        routes.handle(API.ProjectTemplates.setSnapshot) { call in
            try await templates.setSnapshot(call.body, of: call.path.reference(), as: call.scope)
            return TemplateOutcome()
        }
        routes.handle(API.ProjectTemplates.migrate, migrate)
    }

    func migrate(_ call: Call<DeploymentPath, NoQuery, MigrateDeployment>) async throws -> TemplateOutcome {
        var options = TemplateMigration.Options()
        options.preservesMemory = call.body.preserveCoreMemories ?? false
        options.preservesSecrets = call.body.preserveToolVariables ?? false
        options.preservesFolders = call.body.preserveSources ?? false
        options.deletesOtherBlocks = call.body.blockReconciliationStrategy == .all
        options.memoryVariables = call.body.memoryVariables ?? [:]
        var reference = try call.path.template.reference()
        reference.version = try TemplateReference.version(call.body.version)
        let count = try await templates.migrate(
            reference, deployment: call.path.deployment, options, as: call.scope)
        return TemplateOutcome(message: "\(count) agents have version \(call.body.version).")
    }
}

extension TemplatePath {
    fileprivate func reference() throws -> TemplateReference { try TemplateReference(name, in: project) }
}

extension Call where Path == TextPath {
    fileprivate func reference() throws -> TemplateReference { try TemplateReference(path.text, in: scope.project) }
}

import HTTPKit
package import JSON
package import LettaAPI
import ToolRuntime

struct SandboxRoutes: RouteGroup {
    let sandboxes: SandboxService
    let sandbox: ToolSandbox

    func register(on routes: Routes) {
        routes.handle(API.Sandboxes.list) { try await sandboxes.list($0.query, as: $0.scope) }
        routes.handle(API.Sandboxes.policy) { _ in SandboxPolicy(sandbox) }
        routes.handle(API.Sandboxes.create) { try await sandboxes.put($0.body.config, as: $0.scope) }
        routes.handle(API.Sandboxes.createLocal) {
            try await sandboxes.put(SandboxSettings($0.body), as: $0.scope)
        }
        routes.handle(API.Sandboxes.localDefault) { try await sandboxes.defaultConfig(.local, as: $0.scope) }
        routes.handle(API.Sandboxes.e2bDefault) { try await sandboxes.defaultConfig(.e2b, as: $0.scope) }
        routes.handle(API.Sandboxes.recreateVenv) { try await sandboxes.defaultConfig(.local, as: $0.scope) }
        routes.handle(API.Sandboxes.update) { try await sandboxes.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Sandboxes.delete) { try await sandboxes.delete($0.path, as: $0.scope) }
        routes.handle(API.Sandboxes.variables) {
            try await sandboxes.variables(of: $0.path, $0.query, as: $0.scope)
        }
        routes.handle(API.Sandboxes.createVariable) { try await sandboxes.put($0.body, of: $0.path, as: $0.scope) }
        routes.handle(API.Sandboxes.updateVariable) {
            try await sandboxes.update($0.path, applying: $0.body, as: $0.scope)
        }
        routes.handle(API.Sandboxes.deleteVariable) { try await sandboxes.delete($0.path, as: $0.scope) }
    }
}

extension SandboxSettings: SchemaDescribing {
    package static var schema: JSONValue {
        let text: JSONValue = ["type": "string"]
        let texts: JSONValue = ["type": "array", "items": text]
        return [
            "anyOf": [
                [
                    "type": "object",
                    "properties": [
                        "sandbox_dir": text, "use_venv": ["type": "boolean"], "venv_name": text,
                        "pip_requirements": ["type": "array", "items": ["type": "object"]],
                    ],
                ],
                [
                    "type": "object",
                    "properties": ["timeout": ["type": "integer"], "template": text, "pip_requirements": texts],
                ],
                [
                    "type": "object",
                    "properties": [
                        "timeout": ["type": "integer"], "pip_requirements": texts, "npm_requirements": texts,
                        "language": ["type": "string", "enum": ["python", "typescript"]],
                    ],
                ],
            ],
            "examples": [["use_venv": false]],
        ]
    }
}

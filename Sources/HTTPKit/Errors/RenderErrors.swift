import HTTPTypes
import Hummingbird
import JSON
import LettaAPI
import Logging
import NIOCore

/// The only place where a thrown error becomes a response.
struct RenderErrors: RouterMiddleware {
    /// Maps errors of layers unknown to HTTPKit, such as storage, to API errors; nil for unexpected ones.
    let translate: @Sendable (any Error) -> APIError?

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let failure as ConnectionFailure {
            throw failure.underlying
        } catch {
            if let route = context.coreContext.endpointPath.value, OpenAIErrorBody.isUsed(by: route),
                let error = known(error, context)
            {
                log(error, context)
                return error.openAIResponse
            }
            return response(to: error, context)
        }
    }

    /// The error as an API error; nil for one that has no body or is unexpected.
    private func known(_ error: any Error, _ context: ServerContext) -> APIError? {
        switch error {
        case let error as APIError: error
        case let failure as JSONDecodingFailure: .invalid(ValidationIssue(failure, in: .body))
        case is UnsupportedContentType: APIError(422, "The body must be JSON, with Content-Type application/json.")
        case is NIOTooManyBytesError: .tooLarge(context.maxUploadSize)
        case is CancellationError: nil
        default: translate(error)
        }
    }

    private func response(to error: any Error, _ context: ServerContext) -> Response {
        switch error {
        case let error as APIError:
            log(error, context)
            return error.response
        case let failure as JSONDecodingFailure:
            return APIError.invalid(ValidationIssue(failure, in: .body)).response
        case let error as UnsupportedContentType:
            return error.response
        case is CancellationError:
            return Response(status: .init(code: 499))
        case is NIOTooManyBytesError:
            return APIError.tooLarge(context.maxUploadSize).response
        case let error as HTTPError:
            return .detail(error.body ?? error.status.reasonPhrase, status: error.status.code, headers: error.headers)
        case let error as any HTTPResponseError:
            return .detail(error.status.reasonPhrase, status: error.status.code)
        default:
            if let error = translate(error) {
                log(error, context)
                return error.response
            }
            context.logger.error("Unhandled error", metadata: ["error": "\(String(reflecting: error))"])
            return .detail("An unknown error occurred", status: 500)
        }
    }

    /// The cause is logged and never sent.
    private func log(_ error: APIError, _ context: ServerContext) {
        guard let cause = error.underlying else { return }
        context.logger.log(
            level: error.status >= 500 ? .error : .debug, "Request failed",
            metadata: ["http.status": "\(error.status)", "error": "\(String(reflecting: cause))"])
    }
}

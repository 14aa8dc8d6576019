import CLibcurl
@preconcurrency import Glibc
import Synchronization

/// The thread that all transfers of a client run on. Others only put commands into its queue and wake it.
final class TransferThread: Sendable {
    private enum Command {
        case add(Transfer)
        case cancel(Transfer)
    }

    private struct Queue {
        var commands: [Command] = []
        var stopped = false
    }

    /// Used by the thread, but for `curl_multi_wakeup`, which may be called from anywhere while the handle lives: the
    /// thread cleans it up only after it has seen `stopped` under the lock that every waker holds.
    private struct Multi: @unchecked Sendable { let handle: UnsafeMutableRawPointer }

    /// The handles under way, and some that wait for the next transfer: with their buffers they are worth keeping.
    private struct Handles {
        private(set) var active: [ObjectIdentifier: EasyHandle] = [:]
        private var idle: [EasyHandle] = []

        mutating func take(_ transfer: Transfer, _ settings: TransportSettings) -> EasyHandle {
            let handle = idle.popLast() ?? EasyHandle(settings: settings)
            handle.begin(transfer)
            active[ObjectIdentifier(transfer)] = handle
            return handle
        }

        mutating func give(_ handle: EasyHandle) {
            if let transfer = handle.transfer { active[ObjectIdentifier(transfer)] = nil }
            handle.end()
            if idle.count < 8 { idle.append(handle) }
        }
    }

    private let multi: Multi
    private let settings: TransportSettings
    private let queue = Mutex(Queue())

    private init(_ multi: UnsafeMutableRawPointer, _ settings: TransportSettings) {
        self.multi = Multi(handle: multi)
        self.settings = settings
    }

    private static let libcurlIsReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    static func start(_ settings: TransportSettings) throws(OpenSearchError) -> TransferThread {
        guard libcurlIsReady, let multi = curl_multi_init() else {
            throw OpenSearchError(.invalidConfiguration, "libcurl cannot be set up: is the system out of memory?")
        }
        let made = TransferThread(multi, settings)
        var id = pthread_t()
        let context = Unmanaged.passRetained(made)
        let code = pthread_create(&id, nil, { run($0) }, context.toOpaque())
        guard code == 0 else {
            context.release()
            curl_multi_cleanup(multi)
            throw OpenSearchError(
                .invalidConfiguration, "no thread can be started (errno \(code)): raise the limit on processes")
        }
        pthread_detach(id)
        return made
    }

    func add(_ transfer: Transfer) { put(.add(transfer)) }

    /// Ends a transfer, also before it is added; what has come of its answer is in the failure.
    func cancel(_ transfer: Transfer) { put(.cancel(transfer)) }

    /// Ends the thread; transfers still under way fail as cancelled.
    func stop() {
        queue.withLock { queue in
            queue.stopped = true
            _ = curl_multi_wakeup(multi.handle)
        }
    }

    private func put(_ command: Command) {
        let refused = queue.withLock { queue in
            if queue.stopped { return true }
            queue.commands.append(command)
            _ = curl_multi_wakeup(multi.handle)
            return false
        }
        guard refused else { return }
        switch command {
        case .add(let transfer), .cancel(let transfer): transfer.finish(.failure(.cancelled))
        }
    }

    private func take() -> (commands: [Command], stopped: Bool) {
        queue.withLock { queue in
            defer { queue.commands.removeAll(keepingCapacity: true) }
            return (queue.commands, queue.stopped)
        }
    }

    // MARK: On the thread

    fileprivate func loop() {
        blockSignals()
        var handles = Handles()
        while true {
            let (commands, stopped) = take()
            for command in commands { execute(command, &handles) }
            if stopped { break }
            var running: Int32 = 0
            curl_multi_perform(multi.handle, &running)
            collect(&handles)
            // Woken by data, by a command, or by libcurl's own timers; the time is only an upper bound.
            curl_multi_poll(multi.handle, nil, 0, 60_000, nil)
        }
        for handle in handles.active.values {
            curl_multi_remove_handle(multi.handle, handle.curl)
            handle.transfer?.finish(.failure(.cancelled))
        }
        handles = Handles()
        curl_multi_cleanup(multi.handle)
    }

    private func execute(_ command: Command, _ handles: inout Handles) {
        switch command {
        case .add(let transfer):
            if transfer.isDone { return }
            let handle = handles.take(transfer, settings)
            curl_multi_add_handle(multi.handle, handle.curl)
        case .cancel(let transfer):
            // Not there when it ended meanwhile, or was cancelled before it was added.
            let handle = handles.active[ObjectIdentifier(transfer)]
            // Nobody waits for libcurl to let go of a name that is being looked up.
            if handle == nil || transfer.body.count == 0 { transfer.finish(.failure(.cancelled)) }
            guard let handle else { return }
            curl_multi_remove_handle(multi.handle, handle.curl)
            handles.give(handle)
            var failure = TransferFailure.cancelled
            failure.partialBody = transfer.body
            transfer.finish(.failure(failure))
        }
    }

    private func collect(_ handles: inout Handles) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi.handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let curl = message.pointee.easy_handle else { continue }
            let result = opnilog_curl_message_result(message)
            var context: UnsafeMutableRawPointer?
            opnilog_curl_get_private(curl, &context)
            guard let context else { continue }
            let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
            guard let transfer = handle.transfer else { continue }
            var outcome = handle.outcome(result, of: transfer)
            curl_multi_remove_handle(multi.handle, curl)
            handles.give(handle)
            let next = follow(transfer, &outcome, &handles)
            // Nobody takes the answer of one that was cancelled meanwhile, so nobody would await what follows it.
            if !transfer.finish(outcome), let next { execute(.cancel(next), &handles) }
        }
    }

    /// Sends what is to follow an answer at once: before those are woken that will want this processor.
    private func follow(_ transfer: Transfer, _ outcome: inout Transfer.Outcome, _ handles: inout Handles) -> Transfer?
    {
        guard case .success(var answer) = outcome, !transfer.isDone, let next = transfer.next(after: answer) else {
            return nil
        }
        answer.next = next
        outcome = .success(answer)
        curl_multi_add_handle(multi.handle, handles.take(next, settings).curl)
        var running: Int32 = 0
        curl_multi_perform(multi.handle, &running)
        return next
    }

    /// Signals are for the program's other threads; SIGPIPE, which TLS may raise on a closed connection, for none.
    private func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}

private func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<TransferThread>.fromOpaque(context).takeRetainedValue().loop()
    return nil
}

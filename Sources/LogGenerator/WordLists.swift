/// The words of the tail, by slot. Every list has 64 words of letters only, so that no mask touches them.
enum WordLists {
    /// One pool of bytes and the range of each word in it: slot × 64 + word.
    static let pool = WordPool(lists: [subjects, verbs, objects, qualities, causes, objects, subjects])

    static let subjects = words(
        """
        apiserver scheduler kubelet proxy controller informer reflector operator webhook autoscaler provisioner attacher \
        resizer snapshotter registrar gateway router ingress balancer resolver forwarder collector exporter scraper \
        aggregator sidecar injector admission validator mutator janitor reaper leader follower elector watcher lister \
        dispatcher worker executor builder deployer installer updater migrator importer replicator archiver compactor \
        indexer dispatchqueue broker consumer producer publisher subscriber notifier auditor verifier signer issuer \
        approver bootstrapper supervisor
        """)

    static let verbs = words(
        """
        rejected accepted dropped delayed retried skipped flushed drained evicted cordoned reconciled synchronised patched \
        replaced deleted created restored resumed paused stopped started restarted renewed revoked rotated expired \
        registered announced withdrew acquired released extended truncated expanded compressed decoded encoded parsed \
        rendered resolved redirected forwarded queued dequeued throttled promoted demoted merged split moved copied \
        mounted unmounted attached detached bound unbound scaled adopted orphaned marked ignored observed reported
        """)

    static let objects = words(
        """
        deployment daemonset statefulset replicaset pod node namespace service endpoint endpointslice secret configmap \
        certificate lease token volume claim snapshot storageclass policy quota budget role binding account webhookcall \
        cronjob job event condition finalizer annotation label selector taint toleration affinity revision rollout \
        checkpoint manifest image layer container sandbox cgroup device interface route rule chain listener cluster \
        member peer bucket segment shard partition offset cursor transaction heartbeat session
        """)

    static let qualities = words(
        """
        stale pending unknown degraded healthy unhealthy ready unready missing duplicate conflicting outdated unreachable \
        invalid malformed empty oversized expiring terminated terminating suspended optional required immutable mutable \
        shared exclusive primary secondary remote local internal external temporary permanent partial complete idle busy \
        overloaded throttling unscheduled scheduled preempted protected restricted privileged anonymous authenticated \
        encrypted plain compressed corrupted truncated detached orphan ephemeral persistent static dynamic cached fresh \
        foreign desired
        """)

    static let causes = words(
        """
        timeout conflict pressure contention shutdown upgrade rollback failover partitioning congestion eviction preemption \
        misconfiguration exhaustion starvation saturation backoff throttle deadline cancellation interruption corruption \
        mismatch drift skew overflow underflow disconnect reconnect handshake negotiation validation authorization \
        authentication quotas limits maintenance decommission migration rebalancing resync relist rewatch compaction \
        defragmentation election demotion promotion probing liveness readiness startup termination garbage leakage deadlock \
        livelock recursion regression rotation expiry renewal outage recovery
        """)

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
    }
}

/// Words laid end to end, so that appending one is a single copy.
struct WordPool: Sendable {
    static let listLength = 64

    let bytes: [UInt8]
    let starts: [Int]

    init(lists: [[String]]) {
        var bytes: [UInt8] = []
        var starts = [0]
        for list in lists {
            precondition(Set(list).count == Self.listLength, "a word list needs 64 different words, not \(list.count)")
            for word in list {
                bytes.append(contentsOf: word.utf8)
                starts.append(bytes.count)
            }
        }
        self.bytes = bytes
        self.starts = starts
    }

    @inline(__always)
    func append(slot: Int, word: Int, to buffer: inout [UInt8]) {
        let position = slot * Self.listLength + word
        bytes.withUnsafeBufferPointer { all in
            buffer.append(contentsOf: UnsafeBufferPointer(rebasing: all[starts[position]..<starts[position + 1]]))
        }
    }
}

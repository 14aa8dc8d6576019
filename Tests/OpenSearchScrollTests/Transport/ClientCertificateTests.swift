import Testing

@testable import OpenSearchScroll

/// A server that wants a certificate of its clients: the `openssl` program's own.
private struct AskingServer {
    let child: Child
    let url: String

    init(_ certificates: Certificates, _ version: String) async throws {
        // The program ends when its own standard input does, which is that of the shell.
        let script =
            "openssl s_server -accept 0 -cert good.pem -key good.key -CAfile ca.pem -Verify 1 -verify_return_error -www "
            + "\(version) </dev/null 2>/dev/null & cat >/dev/null; kill $!"
        let folder = certificates.folder
        (child, url) = try await Shell.onThread {
            let child = try Child(["sh", "-c", "cd '\(folder)' && { \(script); }"])
            while let line = child.readLine() {
                guard line.hasPrefix("ACCEPT "), let port = line.split(separator: ":").last else { continue }
                return (child, "https://localhost:\(port)")
            }
            throw Missing(description: "openssl s_server did not start")
        }
    }
}

@Suite("Client certificates", .timeLimit(.minutes(30)), .enabled(if: Certificates.canBeMade, Certificates.reason))
struct ClientCertificateTests {
    @Test("Taken, missing and refused, in both versions of TLS", arguments: ["-tls1_2", "-tls1_3"])
    func asked(version: String) async throws {
        let certificates = try await Certificates()
        let server = try await AskingServer(certificates, version)
        defer { server.child.stop() }
        func outcome(_ name: String?, key: String? = nil, passphrase: String? = nil) async throws -> String {
            let transport = try Transport {
                $0.caFile = certificates.ca
                $0.clientCertificate = name.map { certificates.path("\($0).pem") }
                $0.clientKey = (key ?? name).map { certificates.path("\($0).key") }
                $0.clientKeyPassphrase = passphrase
            }
            switch await transport.send(try .to(server.url, .get, "/", body: nil)) {
            case .success(let answer): return "\(answer.status)"
            case .failure(let failure):
                let error = OpenSearchError(failure, try requestContext(server.url))
                return "\(error)".replacing(server.url, with: "URL")
            }
        }
        #expect(try await outcome("good") == "200")
        #expect(try await outcome("good", key: "sealed", passphrase: "hush-phrase") == "200")
        let missing = try await outcome(nil)
        let refused = try await outcome("stranger")
        if version == "-tls1_3" {
            #expect(
                missing
                    == "clientCertificate: URL wants a client certificate and got none; give --client-certificate FILE "
                    + "and --client-key FILE")
        } else {
            #expect(missing.hasPrefix("tlsFailed: ") && missing.contains("if it wants a client certificate, give"))
        }
        #expect(
            refused
                == "clientCertificate: URL refuses the client certificate (unknown ca); give --client-certificate one "
                + "that its authority has signed and that is in force")
        try await certificates.remove()
    }

    @Test("Files that cannot be used are told apart before anything is sent")
    func files() async throws {
        let certificates = try await Certificates()
        func fault(_ certificate: String?, _ key: String?, _ passphrase: String? = nil) -> String {
            do {
                _ = try Transport {
                    $0.clientCertificate = certificate.map(certificates.path)
                    $0.clientKey = key.map(certificates.path)
                    $0.clientKeyPassphrase = passphrase
                }
                return "none"
            } catch {
                return "\(error)".replacing(certificates.folder + "/", with: "")
            }
        }
        #expect(fault("good.pem", "good.key") == "none")
        #expect(
            fault(nil, "good.key")
                == "invalidConfiguration: there is the client key good.key but no certificate; give "
                + "--client-certificate FILE too")
        #expect(
            fault("gone.pem", "good.key")
                == "clientCertificate: gone.pem cannot be read (No such file or directory); give --client-certificate "
                + "and --client-key files that this user may read")
        #expect(
            fault("good.key", "good.key")
                == "clientCertificate: good.key holds no certificate in PEM; give --client-certificate one that does")
        let noKey =
            " holds no key in PEM that can be read; give --client-key one that does, and its passphrase, if it has one, "
            + "in OPNILOG_CLIENT_KEY_PASSPHRASE"
        #expect(fault("good.pem", nil) == "clientCertificate: good.pem" + noKey)
        #expect(fault("good.pem", "sealed.key", "wrong-phrase") == "clientCertificate: sealed.key" + noKey)
        #expect(fault("good.pem", "sealed.key") == "clientCertificate: sealed.key" + noKey)
        #expect(
            fault("good.pem", "other.key")
                == "clientCertificate: the key in other.key does not belong to the certificate in good.pem; give "
                + "--client-key the one that the certificate was made for")
        try await certificates.remove()
    }
}

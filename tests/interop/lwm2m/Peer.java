// Peer.java -- Eclipse Leshan as a bootstrap server or as a client, for lwm2m.py.
// usage: Peer server MODE EP DIR        says its port, then serves
//        Peer client MODE URI EP DIR    is bootstrapped, says what it was given
// MODE: nosec, psk, rpk, x509.  DIR: psk, client.* and server.* (spki, p8, crt: DER)
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Collections;
import java.util.List;
import org.eclipse.leshan.client.californium.LeshanClient;
import org.eclipse.leshan.client.californium.LeshanClientBuilder;
import org.eclipse.leshan.client.object.Device;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.LwM2mObjectEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.servers.ServerIdentity;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.SecurityMode;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig;
import org.eclipse.leshan.server.bootstrap.InMemoryBootstrapConfigStore;
import org.eclipse.leshan.server.californium.bootstrap.LeshanBootstrapServer;
import org.eclipse.leshan.server.californium.bootstrap.LeshanBootstrapServerBuilder;
import org.eclipse.leshan.server.security.BootstrapSecurityStore;
import org.eclipse.leshan.server.security.SecurityInfo;

public class Peer {
	static Path dir;

	static byte[] file(String name) throws Exception {
		return Files.readAllBytes(dir.resolve(name));
	}

	static PublicKey publicKey(String name) throws Exception {
		return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(file(name)));
	}

	static PrivateKey privateKey(String name) throws Exception {
		return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(file(name)));
	}

	static X509Certificate certificate(String name) throws Exception {
		return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(file(name)));
	}

	// --- server

	static BootstrapConfig config() {
		BootstrapConfig c = new BootstrapConfig();
		BootstrapConfig.ServerSecurity security = new BootstrapConfig.ServerSecurity();
		BootstrapConfig.ServerConfig server = new BootstrapConfig.ServerConfig();
		security.uri = "coaps://lwm2m.example:5684";
		security.serverId = 101;
		security.securityMode = SecurityMode.PSK;
		security.publicKeyOrId = "ident".getBytes();
		security.secretKey = "sixteen bytes...".getBytes();
		server.shortId = 101;
		server.lifetime = 3600;
		server.binding = BindingMode.U;
		c.toDelete = List.of("/0", "/1");
		c.security.put(1, security);
		c.servers.put(0, server);
		return c;
	}

	static void serve(String mode, String ep) throws Exception {
		InMemoryBootstrapConfigStore store = new InMemoryBootstrapConfigStore();
		LeshanBootstrapServerBuilder b = new LeshanBootstrapServerBuilder();
		SecurityInfo info = mode.equals("psk") ? SecurityInfo.newPreSharedKeyInfo(ep, ep, file("psk"))
			: mode.equals("rpk") ? SecurityInfo.newRawPublicKeyInfo(ep, publicKey("client.spki")) : mode.equals("x509") ? SecurityInfo.newX509CertInfo(ep) : null;
		store.add(ep, config());
		b.setConfigStore(store);
		b.setLocalAddress("127.0.0.1", 0).setLocalSecureAddress("127.0.0.1", 0);
		b.setSecurityStore(new BootstrapSecurityStore() {
			public List<SecurityInfo> getAllByEndpoint(String endpoint) {
				return info == null || !endpoint.equals(ep) ? null : Collections.singletonList(info);
			}

			public SecurityInfo getByIdentity(String identity) {
				return identity.equals(ep) ? info : null;
			}
		});
		if (mode.equals("rpk"))
			b.setPublicKey(publicKey("server.spki")).setPrivateKey(privateKey("server.p8"));
		if (mode.equals("x509"))
			b.setCertificateChain(new X509Certificate[] {certificate("server.crt")}).setPrivateKey(privateKey("server.p8")).setTrustedCertificates(new X509Certificate[] {certificate("client.crt")});
		LeshanBootstrapServer s = b.build();
		s.start();
		System.out.println((mode.equals("nosec") ? s.getUnsecuredAddress() : s.getSecuredAddress()).getPort());
		Thread.sleep(120000);
	}

	// --- client

	static Security account(String mode, String uri, String ep) throws Exception {
		switch (mode) {
		case "psk":
			return Security.pskBootstrap(uri, ep.getBytes(), file("psk"));
		case "rpk":
			return Security.rpkBootstrap(uri, file("client.spki"), file("client.p8"), file("server.spki"));
		case "x509":
			return Security.x509Bootstrap(uri, file("client.crt"), file("client.p8"), file("server.crt"));
		}
		return Security.noSecBootstap(uri);
	}

	static void tell(LeshanClient c) {
		for (int oid = 0; oid < 2; oid++) {
			LwM2mObjectEnabler o = c.getObjectTree().getObjectEnablers().get(oid);
			for (int iid : o.getAvailableInstanceIds()) {
				LwM2mSingleResource r = (LwM2mSingleResource) o.read(ServerIdentity.SYSTEM, new ReadRequest(oid, iid, 0)).getContent();
				System.out.println("/" + oid + "/" + iid + " " + r.getValue());
			}
		}
	}

	static void end(String word) {
		System.out.println(word);
		System.out.flush();
		Runtime.getRuntime().halt(0);
	}

	static void bootstrap(String mode, String uri, String ep) throws Exception {
		ObjectsInitializer objects = new ObjectsInitializer();
		LeshanClientBuilder b = new LeshanClientBuilder(ep);
		objects.setInstancesForObject(0, account(mode, uri, ep));
		objects.setClassForObject(1, Server.class);
		objects.setInstancesForObject(3, new Device("imprint", "peer", "1", "U"));
		b.setObjects(objects.createAll());
		b.setLocalAddress("127.0.0.1", 0);
		LeshanClient c = b.build();
		c.addObserver(new LwM2mClientObserverAdapter() {
			@Override public void onBootstrapSuccess(ServerIdentity s, BootstrapRequest r) {
				tell(c);
				end("success");
			}

			@Override public void onBootstrapFailure(ServerIdentity s, BootstrapRequest r, ResponseCode code, String why, Exception e) {
				end("failure " + code + " " + why + " " + e);
			}

			@Override public void onBootstrapTimeout(ServerIdentity s, BootstrapRequest r) {
				end("timeout");
			}
		});
		c.start();
		Thread.sleep(60000);
	}

	public static void main(String[] a) throws Exception {
		dir = Path.of(a[a.length - 1]);
		if (a[0].equals("server"))
			serve(a[1], a[2]);
		else
			bootstrap(a[1], a[2], a[3]);
	}
}

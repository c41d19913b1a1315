package settings

import (
	"strings"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/property"
)

// setSASL makes user and password out of sasl.jaas.config.
func setSASL(r *property.Reader, d *draft) {
	if r.Faulty("security.protocol") || !d.sasl {
		warnVain(r, "SASL_PLAINTEXT or SASL_SSL", "sasl.mechanism", "sasl.jaas.config")
		return
	}
	if d.mechanism == "" && !r.Faulty("sasl.mechanism") {
		r.Reject("sasl.mechanism", property.Problem{Text: "is absent, which means GSSAPI, and that is not supported yet", Hint: useSC})
	}
	if d.jaas.IsZero() {
		if !r.Faulty("sasl.jaas.config") {
			r.Reject("sasl.jaas.config", property.Problem{
				Text: "is required with SASL", Hint: `write ` + jaasForm("PlainLoginModule or ScramLoginModule"),
			})
		}
		return
	}
	login, ok := parseJAAS(d.jaas.Reveal())
	module := "plain.PlainLoginModule"
	if strings.HasPrefix(d.mechanism, "SCRAM") {
		module = "scram.ScramLoginModule"
	}
	_, class, _ := strings.Cut(module, ".")
	switch {
	case !ok || login.user == "":
		r.Reject("sasl.jaas.config", property.Problem{Text: "is not a login module with username and password", Hint: "write " + jaasForm(class)})
	case d.mechanism != "" && !strings.HasSuffix(login.module, "."+module):
		r.Reject("sasl.jaas.config", property.Problem{
			Text: "names another login module than sasl.mechanism=" + d.mechanism + " needs", Hint: "write " + jaasForm(class),
		})
	}
	d.Security.SASL = &SASL{Mechanism: d.mechanism, User: login.user, Password: connector.NewSecret(login.password)}
}

func jaasForm(class string) string {
	return "… " + class + ` required username="…" password="…";`
}

// setTLS keeps what belongs to TLS. shared says that the REST API uses the same stores.
func setTLS(r *property.Reader, d *draft, shared bool) {
	if shared || !r.Faulty("security.protocol") && d.tls {
		checkStores(r, "", d.trust)
	}
	switch {
	case !r.Faulty("security.protocol") && d.tls:
		d.Security.TLS = &d.trust
	case !shared:
		warnVain(r, "SSL or SASL_SSL", "ssl.truststore.location", "ssl.truststore.certificates", "ssl.keystore.location", "ssl.keystore.key")
	}
}

// checkStores looks at the trust store and the key store behind prefix. A store's type matters only when there is a store.
func checkStores(r *property.Reader, prefix string, t TLS) {
	checkStore(r, prefix+"ssl.truststore", t.TrustFile, t.TrustPEM)
	checkStore(r, prefix+"ssl.keystore", t.KeyFile, t.ChainPEM)
	if (t.ChainPEM == "") != t.KeyPEM.IsZero() {
		r.Reject(prefix+"ssl.keystore.certificate.chain", property.Problem{
			Text: "and " + prefix + "ssl.keystore.key need each other", Hint: "set both, or name a file with both in " + prefix + "ssl.keystore.location",
		})
	}
}

// checkStore refuses a store that is absent's default, JKS, and one that is given twice.
func checkStore(r *property.Reader, name, file, pem string) {
	if file == "" && pem == "" {
		return
	}
	if !r.Given(name + ".type") {
		r.Reject(name+".type", property.Problem{Text: "is absent, which means JKS, and that is not supported yet", Hint: usePEM})
	}
	if file != "" && pem != "" {
		r.Reject(name+".location", property.Problem{Text: "is set beside certificates in PEM form", Hint: "keep one of the two"})
	}
}

func warnVain(r *property.Reader, protocols string, names ...string) {
	for _, name := range names {
		if r.Given(name) && !r.Faulty(name) && !r.Faulty("security.protocol") {
			r.Warn(name, property.Problem{Text: "is not used with this security.protocol", Hint: "set security.protocol to " + protocols})
		}
	}
}

package client_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/api/client"
)

// identity writes a certificate that vouches for itself, and its key, into one file.
func identity(t *testing.T, name string) (path string, cert *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := pem.Encode(&b, block); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(t.TempDir(), name+".pem")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cert, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return path, cert
}

// A worker that asks for a certificate is shown the one of the file, and a worker whose certificate nobody trusts is not
// talked to.
func TestMutualTLS(t *testing.T) {
	path, cert := identity(t, "ann")
	known := x509.NewCertPool()
	known.AddCert(cert)
	w := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(client.Root{Version: r.TLS.PeerCertificates[0].Subject.CommonName})
	}))
	w.Config.ErrorLog = log.New(&bytes.Buffer{}, "", 0)
	w.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known}
	w.StartTLS()
	defer w.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env  map[string]string
		want string // of the version, or of the error
	}{
		{map[string]string{client.EnvCACert: ca, client.EnvCert: path}, "ann"},
		{map[string]string{client.EnvCACert: ca, client.EnvCert: path, client.EnvKey: path}, "ann"},
		{map[string]string{client.EnvCACert: ca}, "certificate required"},
		{map[string]string{client.EnvCert: path}, "unknown authority"},
	} {
		config, err := client.Settings{Servers: []string{w.URL}}.Config(func(name string) string { return c.env[name] })
		if err != nil {
			t.Fatal(err)
		}
		root, err := connect(t, config).Root(t.Context())
		if err != nil {
			root.Version = err.Error()
		}
		if !strings.Contains(root.Version, c.want) {
			t.Errorf("%v: %s, want %s", c.env, root.Version, c.want)
		}
	}
}

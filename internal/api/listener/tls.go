package listener

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

// TLS names certificates in PEM form. Files are read again when they change, at most once a second; a bad new one leaves
// the old in use. It must not be copied after its first use.
type TLS struct {
	KeyFile    string           // listeners.https.ssl.keystore.location: certificate chain and key in one file
	ChainPEM   string           // listeners.https.ssl.keystore.certificate.chain
	KeyPEM     connector.Secret // listeners.https.ssl.keystore.key
	TrustFile  string           // listeners.https.ssl.truststore.location; empty, and so TrustPEM: the system's authorities
	TrustPEM   string           // listeners.https.ssl.truststore.certificates
	ClientAuth string           // listeners.https.ssl.client.auth: none, requested, required. Default none

	mu      sync.Mutex
	checked time.Time
	seen    [2]stamp
	held    *material
}

// stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// material is what the files held when they were last good.
type material struct {
	pair  tls.Certificate
	trust *x509.CertPool // nil: the system's
}

// load reads everything for the first time, when an error must be told.
func (t *TLS) load() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.stamps()
	m, err := t.read()
	if err != nil {
		return err
	}
	t.held, t.checked, t.seen = m, time.Now(), seen
	return nil
}

const recheck = time.Second

// current returns what is to be used now.
func (t *TLS) current() (*material, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held != nil && time.Since(t.checked) < recheck {
		return t.held, nil
	}
	t.checked = time.Now()
	seen := t.stamps()
	if t.held != nil && seen == t.seen {
		return t.held, nil
	}
	m, err := t.read()
	switch {
	case err == nil:
		t.held, t.seen = m, seen
	case t.held == nil:
		return nil, err
	}
	return t.held, nil // half-written files are whole at the next look
}

func (t *TLS) stamps() (s [2]stamp) {
	for i, file := range []string{t.KeyFile, t.TrustFile} {
		if info, err := os.Stat(file); file != "" && err == nil {
			s[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return s
}

func (t *TLS) read() (*material, error) {
	chain, key := []byte(t.ChainPEM), []byte(t.KeyPEM.Reveal())
	if t.KeyFile != "" {
		var err error
		if chain, err = os.ReadFile(t.KeyFile); err != nil {
			return nil, fmt.Errorf("read listeners.https.ssl.keystore.location: %w", err)
		}
		key = chain
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("listeners.https.ssl.keystore: %w", err)
	}
	trust, err := t.pool()
	if err == nil && trust == nil && t.clientAuth() != tls.NoClientCert {
		err = errors.New("listeners.https.ssl.client.auth needs listeners.https.ssl.truststore: the system's authorities vouch for anybody")
	}
	return &material{pair, trust}, err
}

func (t *TLS) pool() (*x509.CertPool, error) {
	text := []byte(t.TrustPEM)
	if t.TrustFile != "" {
		var err error
		if text, err = os.ReadFile(t.TrustFile); err != nil {
			return nil, fmt.Errorf("read listeners.https.ssl.truststore.location: %w", err)
		}
	}
	if len(text) == 0 && t.TrustFile == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("listeners.https.ssl.truststore: no certificate found: it must be PEM")
	}
	return pool, nil
}

// server makes the settings of each connection from what the files hold then.
func (t *TLS) server() *tls.Config {
	// A resumed session would go by the authorities of its beginning.
	return &tls.Config{
		MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			m, err := t.current()
			if err != nil {
				return nil, err
			}
			return &tls.Config{
				MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{m.pair},
				ClientAuth: t.clientAuth(), ClientCAs: m.trust, NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true,
			}, nil
		},
	}
}

func (t *TLS) clientAuth() tls.ClientAuthType {
	switch t.ClientAuth {
	case "required":
		return tls.RequireAndVerifyClientCert
	case "requested":
		return tls.VerifyClientCertIfGiven
	}
	return tls.NoClientCert
}

// Client returns the settings for a call to another worker: its server must be known to the trust store, and it is shown
// this worker's certificate when it asks for one. Call it for each connection.
func (t *TLS) Client() (*tls.Config, error) {
	m, err := t.current()
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{m.pair}, RootCAs: m.trust, NextProtos: []string{"http/1.1"},
	}, nil
}

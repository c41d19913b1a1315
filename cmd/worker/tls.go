package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/headwater/headwater/internal/settings"
)

// tlsConfig reads the PEM files that ssl.* name; nil means no TLS.
func tlsConfig(t *settings.TLS) (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	trust, err := fileOr(t.TrustFile, t.TrustPEM)
	if err != nil {
		return nil, fmt.Errorf("read ssl.truststore.location: %w", err)
	}
	if len(trust) > 0 {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(trust) {
			return nil, errors.New("ssl.truststore: no certificate found: it must be PEM")
		}
	}
	chain, key := []byte(t.ChainPEM), []byte(t.KeyPEM.Reveal())
	if t.KeyFile != "" {
		if chain, err = os.ReadFile(t.KeyFile); err != nil {
			return nil, fmt.Errorf("read ssl.keystore.location: %w", err)
		}
		key = chain
	}
	if len(key) > 0 {
		pair, err := tls.X509KeyPair(chain, key)
		if err != nil {
			return nil, fmt.Errorf("ssl.keystore: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func fileOr(file, text string) ([]byte, error) {
	if file == "" {
		return []byte(text), nil
	}
	return os.ReadFile(file)
}

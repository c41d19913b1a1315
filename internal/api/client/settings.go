package client

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// The environment variables that Settings.Config reads. What is set in Settings comes first.
const (
	EnvServer    = "HEADWATER_SERVER"     // base URLs, separated by commas
	EnvToken     = "HEADWATER_TOKEN"      // a bearer token
	EnvTokenFile = "HEADWATER_TOKEN_FILE" // a file with one
	EnvUser      = "HEADWATER_USER"       // a user's name
	EnvPassword  = "HEADWATER_PASSWORD"   // and password
	EnvUserFile  = "HEADWATER_USER_FILE"  // a file with user:password
	EnvCACert    = "HEADWATER_CACERT"     // a file with certificates to trust
	EnvCert      = "HEADWATER_CERT"       // a file with the client's certificate
	EnvKey       = "HEADWATER_KEY"        // a file with its key
)

// maxFile bounds the files of Settings.
const maxFile = 1 << 20

// Settings is where a Config comes from. Credentials are never part of it, only the files that hold them.
type Settings struct {
	Servers           []string // each may hold several, separated by commas
	UserFile          string   // one line user:password
	TokenFile         string   // one line
	CACert, Cert, Key string   // PEM files
}

// Config reads the files and, where a setting is empty, the environment. Errors name the file or variable, never what is in
// it.
func (s Settings) Config(getenv func(string) string) (Config, error) {
	s = s.completed(getenv)
	var c Config
	for _, list := range s.Servers {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimSpace(one); one != "" {
				c.Servers = append(c.Servers, one)
			}
		}
	}
	if err := s.credentials(&c, getenv); err != nil {
		return Config{}, err
	}
	var err error
	c.TLS, err = s.tls()
	return c, err
}

// completed takes files and servers that are not set from the environment. A file with credentials that is set beats every
// credential of the environment, so that the two never come together by accident.
func (s Settings) completed(getenv func(string) string) Settings {
	if len(s.Servers) == 0 {
		s.Servers = []string{getenv(EnvServer)}
	}
	if s.UserFile == "" && s.TokenFile == "" && getenv(EnvToken) == "" && getenv(EnvUser) == "" {
		s.UserFile, s.TokenFile = getenv(EnvUserFile), getenv(EnvTokenFile)
	}
	for _, f := range []struct {
		field *string
		name  string
	}{{&s.CACert, EnvCACert}, {&s.Cert, EnvCert}, {&s.Key, EnvKey}} {
		if *f.field == "" {
			*f.field = getenv(f.name)
		}
	}
	return s
}

func (s Settings) credentials(c *Config, getenv func(string) string) error {
	if s.UserFile != "" && s.TokenFile != "" {
		return fmt.Errorf("both a user file (%s) and a token file (%s) are given: give one of them", s.UserFile, s.TokenFile)
	}
	switch {
	case s.TokenFile != "":
		line, err := oneLine(s.TokenFile)
		c.Token = line
		return err
	case s.UserFile != "":
		line, err := oneLine(s.UserFile)
		if err != nil {
			return err
		}
		var ok bool
		if c.User, c.Password, ok = strings.Cut(line, ":"); !ok || c.User == "" {
			return fmt.Errorf("user file %s: one line user:password is expected", s.UserFile)
		}
	default:
		c.Token, c.User, c.Password = getenv(EnvToken), getenv(EnvUser), getenv(EnvPassword)
	}
	if strings.ContainsAny(c.Token, " \t\r\n") {
		return errors.New(EnvToken + " holds blanks or line ends: a token has none")
	}
	return nil
}

// oneLine returns the only line of a file, without the line end.
func oneLine(path string) (string, error) {
	data, err := readFile(path)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(string(data), "\r\n")
	if line == "" || strings.ContainsAny(line, "\r\n") {
		return "", fmt.Errorf("file %s: exactly one line is expected", path)
	}
	return line, nil
}

// readFile reads no more than is sensible, of anything that can be opened.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("file %s is larger than %d bytes", path, maxFile)
	}
	return data, err
}

// tls is nil when nothing is set.
func (s Settings) tls() (*tls.Config, error) {
	if s.CACert == "" && s.Cert == "" && s.Key == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CACert != "" {
		pem, err := readFile(s.CACert)
		if err != nil {
			return nil, err
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("file %s holds no certificate in PEM form", s.CACert)
		}
	}
	if s.Cert == "" && s.Key == "" {
		return c, nil
	}
	if s.Cert == "" {
		return nil, fmt.Errorf("a key (%s) without a certificate: give both", s.Key)
	}
	cert, err := s.pair()
	c.Certificates = []tls.Certificate{cert}
	return c, err
}

// pair reads certificate and key, which may be in one file.
func (s Settings) pair() (tls.Certificate, error) {
	cert, err := readFile(s.Cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	key := bytes.Clone(cert)
	if s.Key != "" {
		if key, err = readFile(s.Key); err != nil {
			return tls.Certificate{}, err
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate %s and its key: %w", s.Cert, err)
	}
	return pair, nil
}

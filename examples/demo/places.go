package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// The addresses of choice. The first is also in the connector files.
const (
	defaultSample = "127.0.0.1:18080"
	defaultKafka  = "127.0.0.1:19092"
	defaultREST   = "127.0.0.1:8083"
)

// places is where everything is.
type places struct {
	dir       string       // the broker's data and the worker's log
	temporary bool         // dir goes away with the demo
	sample    net.Listener // of the sample API
	kafka     string       // host:port
	rest      string       // host:port
	sources   []source     // the connectors
	notes     []string     // what is not where one expects it
}

func (p *places) apis() []api {
	var list []api
	for _, s := range p.sources {
		list = append(list, s.apis...)
	}
	return list
}

func (p *places) topics() []string {
	var list []string
	for _, a := range p.apis() {
		list = append(list, a.topic)
	}
	return list
}

// place chooses addresses and directories and, where they are not the usual ones, writes files that say so.
func place(ctx context.Context, o options) (*places, error) {
	p := &places{dir: o.dataDir, temporary: o.dataDir == ""}
	var err error
	if p.temporary {
		if p.dir, err = os.MkdirTemp("", "headwater-demo-"); err != nil {
			return nil, err
		}
	} else if err = os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, err
	}
	err = p.addresses(ctx)
	for _, file := range o.connectors {
		if err == nil {
			err = p.connect(file)
		}
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *places) addresses(ctx context.Context) (err error) {
	if p.sample, err = p.listen(ctx, defaultSample); err != nil {
		return err
	}
	if p.kafka, err = p.free(ctx, defaultKafka); err != nil {
		return err
	}
	p.rest, err = p.free(ctx, defaultREST)
	return err
}

// listen takes the address or, when somebody has it, any free one of loopback.
func (p *places) listen(ctx context.Context, address string) (net.Listener, error) {
	var c net.ListenConfig
	if l, err := c.Listen(ctx, "tcp", address); err == nil {
		return l, nil
	}
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port in place of %s: %w", address, err)
	}
	p.notes = append(p.notes, fmt.Sprintf("%s is taken, so this demo uses %s instead", address, l.Addr()))
	return l, nil
}

// free is listen for a process yet to be started.
func (p *places) free(ctx context.Context, address string) (string, error) {
	l, err := p.listen(ctx, address)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// connect reads a connector file. When the sample API is not where the file says, the worker gets a changed copy.
func (p *places) connect(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%w (run the demo from the top of the repository)", err)
	}
	s, err := parseSource(text)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	base, err := url.Parse(s.base)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	s.file = file
	if actual := p.sample.Addr().String(); base.Host != actual {
		s = s.moved(strings.Replace(s.base, base.Host, actual, 1))
		s.file = filepath.Join(p.dir, filepath.Base(file))
		err = os.WriteFile(s.file, []byte(strings.ReplaceAll(string(text), base.Host, actual)), 0o644)
	}
	p.sources = append(p.sources, s)
	return err
}

// arguments is the worker's command line.
func (p *places) arguments() ([]string, error) {
	list := []string{"--dev", "--data-dir", p.dir}
	if p.kafka != defaultKafka {
		list = append(list, "--dev-listen", p.kafka)
	}
	if p.rest != defaultREST {
		file := filepath.Join(p.dir, "worker.properties")
		if err := os.WriteFile(file, []byte("listeners=http://"+p.rest+"\n"), 0o644); err != nil {
			return nil, err
		}
		list = append(list, "--config", file)
	}
	for _, s := range p.sources {
		list = append(list, s.file)
	}
	return list, nil
}

func (p *places) close() {
	if p.sample != nil {
		_ = p.sample.Close() // Serve has done so already, when it came to that
	}
	if p.temporary {
		_ = os.RemoveAll(p.dir)
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// The addresses of choice. The first is also in the connector file.
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
	connector string       // file handed to the worker
	source    source       // what that file says
	notes     []string     // what is not where one expects it
}

// source is what the demo has to know of the connector.
type source struct {
	name string
	base string // http.api.base.url
	apis []api
}

// api is one API of the connector.
type api struct {
	topic string
	path  string // http.api.path, perhaps with a query
	mode  string
}

func (s source) topics() []string {
	var list []string
	for _, a := range s.apis {
		list = append(list, a.topic)
	}
	return list
}

// lastTopic is the topic to look at: that of the last API.
func (s source) lastTopic() string { return s.apis[len(s.apis)-1].topic }

// place chooses addresses and directories and, where they are not the usual ones, writes files that say so.
func place(ctx context.Context, o options) (*places, error) {
	p := &places{dir: o.dataDir, temporary: o.dataDir == "", connector: o.connector}
	var err error
	if p.temporary {
		if p.dir, err = os.MkdirTemp("", "headwater-demo-"); err != nil {
			return nil, err
		}
	} else if err = os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, err
	}
	if err = p.addresses(ctx); err == nil {
		err = p.connect(o.connector)
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

// connect reads the connector file. When the sample API is not where the file says, the worker gets a changed copy.
func (p *places) connect(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%w (run the demo from the top of the repository)", err)
	}
	if p.source, err = parseSource(text); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	base, err := url.Parse(p.source.base)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	actual := p.sample.Addr().String()
	if base.Host == actual {
		return nil
	}
	p.source.base = strings.Replace(p.source.base, base.Host, actual, 1)
	p.connector = filepath.Join(p.dir, filepath.Base(file))
	return os.WriteFile(p.connector, []byte(strings.ReplaceAll(string(text), base.Host, actual)), 0o644)
}

func parseSource(text []byte) (source, error) {
	var file struct {
		Name   string            `json:"name"`
		Config map[string]string `json:"config"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return source{}, err
	}
	s := source{name: file.Name, base: file.Config["http.api.base.url"]}
	for n := 1; ; n++ {
		of := func(property string) string { return file.Config[fmt.Sprintf("api%d.%s", n, property)] }
		if of("topics") != "" {
			s.apis = append(s.apis, api{topic: of("topics"), path: of("http.api.path"), mode: of("http.offset.mode")})
			continue
		}
		if n == 1 {
			return source{}, errors.New("it has no api1.topics")
		}
		return s, nil
	}
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
	return append(list, p.connector), nil
}

func (p *places) close() {
	if p.sample != nil {
		_ = p.sample.Close() // Serve has done so already, when it came to that
	}
	if p.temporary {
		_ = os.RemoveAll(p.dir)
	}
}

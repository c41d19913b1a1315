package api

import (
	"context"
	"net/http"
	"time"
)

const healthLimit = 10 * time.Second

func (s *Server) root(context.Context, *http.Request, []byte) (answer, error) {
	var cluster string
	if s.opts.ClusterID != nil {
		cluster = s.opts.ClusterID()
	}
	return answer{status: http.StatusOK, body: struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
		Cluster string `json:"kafka_cluster_id"`
	}{s.opts.Version, s.opts.Commit, cluster}}, nil
}

// health answers whether the worker is there, which says nothing about its connectors (KIP-1017).
func (s *Server) health(ctx context.Context, _ *http.Request, _ []byte) (answer, error) {
	stage, err := s.opts.Health(ctx)
	switch {
	case err != nil:
		return answer{}, err
	case !stage.Ready:
		return healthy(http.StatusServiceUnavailable, "starting", "Worker is still starting up.", stage.Detail), nil
	}
	return healthy(http.StatusOK, "healthy", "Worker has completed startup and is ready to handle requests.", stage.Detail), nil
}

func unhealthy(err error) answer {
	return healthy(http.StatusInternalServerError, "unhealthy",
		"Worker was unable to handle this request and may be unable to handle other requests.", err.Error())
}

func healthy(code int, status, message, detail string) answer {
	if detail != "" {
		message += " " + detail
	}
	return answer{status: code, body: struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	}{status, message}}
}

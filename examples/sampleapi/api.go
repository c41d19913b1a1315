package sampleapi

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"
)

// API answers
//
//	GET /v1/regions                    the parts of the world that zones are named after
//	GET /v1/regions/{id}/zones         one region's zones, such as /v1/regions/Europe/zones
//	GET /v1/zones                      the zones, by name
//	GET /v1/zones/{id}/transitions     one zone's transitions, such as /v1/zones/Europe~Berlin/transitions
//	GET /v1/transitions                all transitions, by time
//
// each by cursor (limit, cursor; next_cursor in the answer) or by position (limit, start). Transitions can be filtered
// by zone, dst and since (a time, itself included).
type API struct {
	data  *Data
	clock *Clock
	mux   *http.ServeMux
}

// New returns an API over data, of which clock says how much is published.
func New(data *Data, clock *Clock) *API {
	a := &API{data: data, clock: clock, mux: http.NewServeMux()}
	a.mux.HandleFunc("GET /v1/regions", a.regions)
	a.mux.HandleFunc("GET /v1/regions/{id}/zones", a.ofRegion)
	a.mux.HandleFunc("GET /v1/zones", a.zones)
	a.mux.HandleFunc("GET /v1/zones/{id}/transitions", a.ofZone)
	a.mux.HandleFunc("GET /v1/transitions", a.transitions)
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, http.StatusNotFound, "there is nothing here: ask for /v1/regions, /v1/zones or /v1/transitions")
	})
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

func (a *API) regions(w http.ResponseWriter, r *http.Request) { list(w, r, a.data.Regions) }

func (a *API) zones(w http.ResponseWriter, r *http.Request) { list(w, r, a.data.Zones) }

func (a *API) ofRegion(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	kept := slices.DeleteFunc(slices.Clone(a.data.Zones), func(z Zone) bool { return regionOf(z) != id })
	if len(kept) == 0 {
		refuse(w, r, http.StatusNotFound, "no such region: "+id)
		return
	}
	list(w, r, kept)
}

// list answers with what the query wants of all.
func list[T any](w http.ResponseWriter, r *http.Request, all []T) {
	win, err := parseWindow(r.URL.Query())
	if err != nil {
		refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, r, http.StatusOK, cut(all, win))
}

func (a *API) transitions(w http.ResponseWriter, r *http.Request) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	a.changes(w, r, f)
}

func (a *API) ofZone(w http.ResponseWriter, r *http.Request) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	id := r.PathValue("id")
	i := slices.IndexFunc(a.data.Zones, func(z Zone) bool { return z.ID == id })
	if i < 0 {
		refuse(w, r, http.StatusNotFound, "no such zone: "+id)
		return
	}
	f.zone = a.data.Zones[i].Name
	a.changes(w, r, f)
}

// changes answers with the published transitions that f keeps. Whatever the filter, a later answer holds the same records
// in the same places and perhaps more behind them, so positions stay good.
func (a *API) changes(w http.ResponseWriter, r *http.Request, f filter) {
	kept := []Transition{}
	for _, t := range a.published(time.Now()) {
		if f.keeps(t) {
			kept = append(kept, t)
		}
	}
	list(w, r, kept)
}

func (a *API) published(now time.Time) []Transition {
	until := a.clock.At(now)
	all := a.data.Transitions
	return all[:sort.Search(len(all), func(i int) bool { return all[i].Time.After(until) })]
}

func refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	answer(w, r, status, map[string]any{"error": map[string]any{"status": status, "message": message}})
}

// answer writes body as JSON, gzipped for clients that take it.
func answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Vary", "Accept-Encoding")
	var out io.Writer = w
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		defer func() { _ = zipped.Close() }() // an error means that the client has gone
		out = zipped
	}
	w.WriteHeader(status)
	_, _ = out.Write(append(text, '\n'))
}

// takesGzip reports whether Accept-Encoding lists gzip and does not weigh it with 0.
func takesGzip(accept string) bool {
	for item := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(item, ";")
		weight = strings.TrimSpace(weight)
		refused := strings.HasPrefix(weight, "q=0") && strings.Trim(weight, "q=0.") == ""
		if strings.TrimSpace(name) == "gzip" && !refused {
			return true
		}
	}
	return false
}

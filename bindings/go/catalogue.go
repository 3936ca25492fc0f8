package imprint

import (
	"encoding/json"

	"imprint.dev/imprint/internal/low"
)

// Catalogue is everything that is built in or loaded.
type Catalogue struct {
	ABI     int `json:"abi"`
	Rev     int `json:"rev"`
	Plugins []struct {
		ID      string
		License string
		ABI     int
		Rev     int
		Loaded  bool
		Layers  []string
		Cryptos []string
	}
	Layers  []Layer
	Cryptos []struct {
		ID   string
		Rank int
	}
	Names map[string]map[string]int // "topics" -> "voucher" -> 0x0107
}

// Layer is a protocol or a transport.
type Layer struct {
	ID, Version, Spec string
	Offers            string
	Needs             []string
	Pinned, Triage    bool
	Manifest          *Manifest // protocols only
}

// Manifest is what a protocol says of itself, in the words of the survey
// draft-irtf-t2trg-security-setup-iot-devices.
type Manifest struct {
	Roles, Players                         []string
	BeliefsIn                              []string `json:"beliefs_in"`
	Discovery, Trust, Authorizer, Delivers []string
	Properties                             []string
	Terms, Process                         string
	Beliefs, Knowledge                     []Fact
	Algs                                   []int
	Stacks                                 []string
}

// Fact is a belief that a protocol needs or knowledge that it imparts.
type Fact struct {
	Topic                string
	Number               Topic
	Name, Text           string
	Needed, Secret, Many bool
}

// Built returns the catalogue.
func Built() (*Catalogue, error) {
	c := new(Catalogue)
	if err := json.Unmarshal([]byte(low.Imp_face_catalogue()), c); err != nil {
		return nil, err
	}
	return c, nil
}

package perso

import (
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// Application is what a chip tells of a security domain, an application or a load file on it.
type Application struct {
	AID        AID    `json:"aid"`
	Kind       string `json:"kind"`       // "domain", "application" or "file"
	State      byte   `json:"state"`      // its life cycle state
	Privileges byte   `json:"privileges"` // the first byte of them
}

// The states and scopes of GET STATUS (GlobalPlatform Card Specification 2.3, section 11.4.2.1).
const (
	statusDomain       = 0x80
	statusApplications = 0x40
	statusLoadFiles    = 0x20

	statusTLV  = 0x02 // answered as data objects
	statusNext = 0x01 // what did not fit into the last answer
)

// Lists tells whether chips of this dialect say what is on them.
func (s *Session) Lists() bool { return s.channel != nil }

// Applications lists what is on the chip: the issuer security domain, whose state is that of the card, applications, load
// files.
func (s *Session) Applications() ([]Application, error) {
	if s.channel == nil {
		return nil, errors.New("perso: chips of this dialect do not tell what is on them")
	}
	var all []Application
	for _, scope := range []struct {
		p1   byte
		kind string
	}{{statusDomain, "domain"}, {statusApplications, "application"}, {statusLoadFiles, "file"}} {
		found, err := s.status(scope.p1, nil)
		if err != nil && !errors.Is(err, apdu.SWReferenceNotFound) {
			return nil, fmt.Errorf("perso: list what is on the chip: %w", err)
		}
		for _, a := range found {
			a.Kind = scope.kind
			all = append(all, a)
		}
	}
	return all, nil
}

// lifeCycle asks with GET STATUS for card and application.
func (s *Session) lifeCycle(application AID) (LifeCycle, error) {
	card, err := s.oneStatus(statusDomain, nil)
	if err != nil {
		return "", fmt.Errorf("perso: life cycle of the card: %w", err)
	}
	state, err := s.oneStatus(statusApplications, application)
	if errors.Is(err, apdu.SWReferenceNotFound) {
		return "", fmt.Errorf("perso: there is no application %s on the chip: it is to be installed first: %w", application, err)
	}
	if err != nil {
		return "", fmt.Errorf("perso: life cycle of the eMRTD application: %w", err)
	}
	return lifeCycleOf(card, state), nil
}

func (s *Session) oneStatus(scope byte, aid AID) (byte, error) {
	found, err := s.status(scope, aid)
	if err != nil {
		return 0, err
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("perso: the card tells of %d applications, not of one", len(found))
	}
	return found[0].State, nil
}

// maxStatus bounds how many answers a list may come in.
const maxStatus = 64

// status asks for what is in scope under a name, all for none, in as many answers as it takes.
func (s *Session) status(scope byte, aid AID) ([]Application, error) {
	var all []Application
	p2 := byte(statusTLV)
	for range maxStatus {
		resp, err := s.send.Send(apdu.Command{CLA: 0x80, INS: 0xF2, P1: scope, P2: p2, Data: tlv.Encode(0x4F, aid), Ne: 256})
		if err != nil {
			return nil, err
		}
		if resp.SW != apdu.SWMoreData {
			if err := resp.OK(); err != nil {
				return nil, err
			}
		}
		found, err := parseStatus(resp.Data)
		if err != nil {
			return nil, err
		}
		if all = append(all, found...); resp.SW == apdu.SWOK {
			return all, nil
		}
		p2 |= statusNext
	}
	return nil, fmt.Errorf("perso: the card's list of applications does not end")
}

// parseStatus reads entries E3 of GET STATUS.
func parseStatus(b []byte) ([]Application, error) {
	entries, err := tlv.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("perso: GET STATUS: %w", err)
	}
	var all []Application
	for _, entry := range entries {
		fields, err := tlv.Parse(entry.Value)
		if err != nil || entry.Tag != 0xE3 {
			return nil, errors.New("perso: GET STATUS: an entry is not what the specification has")
		}
		aid, named := tlv.Find(fields, 0x4F)
		state, stated := tlv.Find(fields, 0x9F70)
		if !named || !stated || len(aid.Value) > 16 || len(state.Value) == 0 {
			return nil, errors.New("perso: GET STATUS: an entry has no name, or no life cycle state")
		}
		a := Application{AID: aid.Value, State: state.Value[0]}
		if privileges, there := tlv.Find(fields, 0xC5); there && len(privileges.Value) > 0 {
			a.Privileges = privileges.Value[0]
		}
		all = append(all, a)
	}
	return all, nil
}

// StateName gives the standard's name of a life cycle state (GlobalPlatform Card Specification 2.3, section 11.1.1).
func (a Application) StateName() string {
	names := map[byte]string{0x03: "INSTALLED", 0x07: "SELECTABLE", applicationPersonalise: "PERSONALIZED"}
	switch {
	case a.Kind == "domain":
		names = map[byte]string{0x01: "OP_READY", cardInitialized: "INITIALIZED", cardSecured: "SECURED", cardLocked: "CARD_LOCKED", cardTerminated: "TERMINATED"}
	case a.Kind == "file":
		names = map[byte]string{0x01: "LOADED"}
	case a.State&0x80 != 0:
		return "LOCKED"
	}
	if name := names[a.State]; name != "" {
		return name
	}
	return fmt.Sprintf("%02X", a.State)
}

// Terminate ends the chip's life: it answers nothing any more, and nothing brings it back (GlobalPlatform Card
// Specification 2.3, section 11.10).
func (s *Session) Terminate() error {
	if s.channel == nil {
		return errors.New("perso: chips of this dialect cannot be terminated")
	}
	if _, err := s.ask(apdu.Command{CLA: 0x80, INS: 0xF0, P1: 0x80, P2: cardTerminated}); err != nil {
		return fmt.Errorf("perso: SET STATUS terminated: %w", err)
	}
	s.State = Terminated
	return nil
}

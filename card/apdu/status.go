package apdu

import "fmt"

// StatusWord is SW1 SW2 of a response (ISO/IEC 7816-4, section 5.6). As an error it says what the card answered and
// what that means; errors.Is finds it in a wrapped error.
type StatusWord uint16

// The status words that this project sends or tells apart.
const (
	SWOK                         StatusWord = 0x9000
	SWEndOfFile                  StatusWord = 0x6282
	SWAuthenticationFailed       StatusWord = 0x6300
	SWMoreData                   StatusWord = 0x6310
	SWMemoryFailure              StatusWord = 0x6581
	SWWrongLength                StatusWord = 0x6700
	SWSecureMessagingUnsupported StatusWord = 0x6882
	SWLastCommandExpected        StatusWord = 0x6883
	SWChainingUnsupported        StatusWord = 0x6884
	SWSecurityStatusNotSatisfied StatusWord = 0x6982
	SWAuthenticationBlocked      StatusWord = 0x6983
	SWConditionsNotSatisfied     StatusWord = 0x6985
	SWNoCurrentEF                StatusWord = 0x6986
	SWSMDataObjectsMissing       StatusWord = 0x6987
	SWSMDataObjectsIncorrect     StatusWord = 0x6988
	SWWrongData                  StatusWord = 0x6A80
	SWFunctionNotSupported       StatusWord = 0x6A81
	SWFileNotFound               StatusWord = 0x6A82
	SWNotEnoughMemory            StatusWord = 0x6A84
	SWIncorrectP1P2              StatusWord = 0x6A86
	SWReferenceNotFound          StatusWord = 0x6A88
	SWWrongOffset                StatusWord = 0x6B00
	SWInstructionNotSupported    StatusWord = 0x6D00
	SWClassNotSupported          StatusWord = 0x6E00
	SWUnspecified                StatusWord = 0x6F00
)

// meaning is a row of the table of status words: one, or with a mask all of a family, whose text then takes what SW2 says.
type meaning struct {
	sw, of StatusWord
	text   string
}

// meanings are the words of the standards (ISO/IEC 7816-4, tables 5 and 6 and section 5.6; below them GlobalPlatform Card
// Specification 2.3, table 11-10 and sections 11.4.3.2 and 11.8.3.2, and Java Card's). The first row that fits counts. 6300
// is read as Doc 9303-11 and GlobalPlatform mean it; 62XX, 64XX and 65XX with values of their own are the card's.
func meanings() []meaning {
	const one, family, sixteen = 0xFFFF, 0xFF00, 0xFFF0
	return []meaning{
		{SWOK, one, "done"},
		{0x6100, one, "done, 256 bytes or more are ready (GET RESPONSE)"},
		{0x6100, family, "done, %d bytes are ready (GET RESPONSE)"},
		{0x6200, one, "warning, nothing was changed"},
		{0x6281, one, "part of the data may be corrupted"},
		{SWEndOfFile, one, "end of file reached before Ne bytes"},
		{0x6283, one, "the selected file or application is deactivated, or the card locked"},
		{0x6284, one, "file control information not in the standard's format"},
		{0x6285, one, "the selected file is at the end of its life"},
		{0x6286, one, "no input data from a sensor on the card"},
		{0x6287, one, "a record that is referred to is deactivated"},
		{0x6200, family, "warning, nothing was changed, for the reason %02X"},
		{SWAuthenticationFailed, one, "authentication failed"},
		{SWMoreData, one, "more data is there (GET STATUS again)"},
		{0x6381, one, "the file was filled up by this write"},
		{0x63C0, one, "verification failed, no try is left"},
		{0x63C1, one, "verification failed, 1 try is left"},
		{0x63C0, sixteen, "verification failed, %d tries are left"},
		{0x6300, family, "warning, something was changed, for the reason %02X"},
		{0x6400, one, "the command failed, nothing was changed"},
		{0x6401, one, "the card wants an answer at once"},
		{0x6481, one, "the logical channel may not be shared"},
		{0x6482, one, "the logical channel cannot be opened"},
		{0x6400, family, "the command failed, nothing was changed, for the reason %02X"},
		{0x6500, one, "the command failed, something was changed"},
		{SWMemoryFailure, one, "memory failure"},
		{0x6500, family, "the command failed, something was changed, for the reason %02X"},
		{0x6600, family, "an issue of security, for the reason %02X"},
		{SWWrongLength, one, "wrong length"},
		{0x6701, one, "the length fields are not those of a command"},
		{0x6702, one, "Lc is not the one that is due"},
		{0x6800, one, "this class is not supported"},
		{0x6881, one, "logical channel not supported"},
		{SWSecureMessagingUnsupported, one, "secure messaging not supported"},
		{SWLastCommandExpected, one, "last command of the chain expected"},
		{SWChainingUnsupported, one, "command chaining not supported"},
		{0x6900, one, "command not allowed"},
		{0x6981, one, "command does not fit the file's structure"},
		{SWSecurityStatusNotSatisfied, one, "security status not satisfied"},
		{SWAuthenticationBlocked, one, "authentication method blocked"},
		{0x6984, one, "reference data not usable"},
		{SWConditionsNotSatisfied, one, "conditions of use not satisfied"},
		{SWNoCurrentEF, one, "no current file"},
		{SWSMDataObjectsMissing, one, "secure messaging data objects missing"},
		{SWSMDataObjectsIncorrect, one, "secure messaging data objects incorrect"},
		{0x6999, one, "the application refuses to be selected (Java Card)"},
		{0x6A00, one, "wrong parameters P1-P2"},
		{SWWrongData, one, "incorrect parameters in the data field"},
		{SWFunctionNotSupported, one, "function not supported"},
		{SWFileNotFound, one, "file or application not found"},
		{0x6A83, one, "record not found"},
		{SWNotEnoughMemory, one, "not enough memory space"},
		{0x6A85, one, "Lc does not fit the structure of the data objects"},
		{SWIncorrectP1P2, one, "incorrect parameters P1-P2"},
		{0x6A87, one, "Lc does not fit P1-P2"},
		{SWReferenceNotFound, one, "referenced data not found"},
		{0x6A89, one, "the file exists already"},
		{0x6A8A, one, "the application's name exists already"},
		{SWWrongOffset, one, "offset outside the file"},
		{0x6C00, one, "wrong Le, 256 bytes or more are there"},
		{0x6C00, family, "wrong Le, %d bytes are there"},
		{SWInstructionNotSupported, one, "instruction not supported"},
		{SWClassNotSupported, one, "class not supported"},
		{SWUnspecified, one, "no precise diagnosis"},
		{0x9484, one, "algorithm not supported (GlobalPlatform)"},
		{0x9485, one, "invalid key check value (GlobalPlatform)"},
	}
}

// Meaning gives the standard's words for the status word, or nothing for one without a fixed meaning.
func (sw StatusWord) Meaning() string {
	for _, row := range meanings() {
		switch {
		case sw&row.of != row.sw:
		case row.of == 0xFFFF:
			return row.text
		default:
			return fmt.Sprintf(row.text, uint16(sw&^row.of))
		}
	}
	return ""
}

// Error says what the card answered.
func (sw StatusWord) Error() string {
	if m := sw.Meaning(); m != "" {
		return fmt.Sprintf("card answered %04X %s", uint16(sw), m)
	}
	return fmt.Sprintf("card answered %04X", uint16(sw))
}

package apdu

// instructionSelect is the instruction byte of SELECT (ISO/IEC 7816-4, section 11.2.2).
const instructionSelect = 0xA4

// SelectMasterFile gives the command that leads back to the master file, without a word on it but the status word.
func SelectMasterFile() Command { return Command{INS: instructionSelect, P1: 0x00, P2: 0x0C} }

// SelectFile gives the command that selects an elementary file below the present application or the master file by its
// file identifier, without a word on it (Doc 9303-10, section 3.6.2).
func SelectFile(fid uint16) Command {
	return Command{INS: instructionSelect, P1: 0x02, P2: 0x0C, Data: []byte{byte(fid >> 8), byte(fid)}}
}

// SelectApplication gives the command that selects an application by its name, without a word on it (Doc 9303-10, section
// 3.6.1).
func SelectApplication(aid []byte) Command {
	return Command{INS: instructionSelect, P1: 0x04, P2: 0x0C, Data: aid}
}

// SelectForInformation gives the command that selects an application or a security domain by its name and asks for its file
// control information, the one form that GlobalPlatform has (Card Specification 2.3, section 11.9).
func SelectForInformation(aid []byte) Command {
	return Command{INS: instructionSelect, P1: 0x04, P2: 0x00, Data: aid, Ne: MaxShortNe}
}

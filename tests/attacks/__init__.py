"""The corpus of hostile submissions: what students might send to get points that are not theirs."""

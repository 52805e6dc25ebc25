//! Door of aws.

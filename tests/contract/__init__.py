"""What users are promised, a file for each clause or topic, by the public interface alone."""
